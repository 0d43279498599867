"""The data set goes while it is trained on or evaluated, and comes back."""

import json
import time

import cifar_on_disk
import imagenet_on_disk
import pytest
from forked_programs import ForkedPrograms
from left_behind import arrays_of_run, check_same, check_sentence, check_whole

from sact_keras.checkpoints.store import CheckpointStore

pytestmark = pytest.mark.torture

NUM_STEPS = 120
IMAGENET = (
    *("main.py", "--mode=train", "--dataset=imagenet", "--model_type=aig"),
    *("--target_rate=0.5", "--model=1_1_1_1", "--base_channels=4", "--image_size=40"),
    *("--batch_size=4", "--num_examples=6", "--eval_batch_size=6"),
    "--eval_interval_steps=60",
    f"--max_number_of_steps={NUM_STEPS}",
)
CIFAR = (
    *("main.py", "--mode=train", "--dataset=cifar10", "--model_type=vanilla"),
    *("--model=1", "--base_channels=4", "--batch_size=4", "--eval_batch_size=5"),
    *("--eval_interval_steps=60", f"--max_number_of_steps={NUM_STEPS}"),
)


def shard(directory, split):
    """The last file of a split, of either format."""
    return max(path for path in directory.rglob(f"*{split}*-of-*") if path.is_file())


def lose_all(directory):
    gone = directory.with_name("gone")
    directory.rename(gone)
    return lambda: gone.rename(directory)


def lose_shard(directory, split="train"):
    file = shard(directory, split)
    content = file.read_bytes()
    file.unlink()
    return lambda: file.write_bytes(content)


def cut_shard(directory):
    file = shard(directory, "train")
    content = file.read_bytes()
    file.write_bytes(content[:100])
    return lambda: file.write_bytes(content)


def replace_shard(directory):
    """By a file of other records, as a data set that is being written anew."""
    file = shard(directory, "train")
    content = file.read_bytes()
    records = imagenet_on_disk.examples_of("validation")[0]
    cifar_on_disk.write_records(file, [b"other" + record for record in records])
    return lambda: file.write_bytes(content)


def lose_validation(directory):
    return lose_shard(directory, "validation")


@pytest.fixture(scope="module")
def programs(project_root):
    with ForkedPrograms(project_root) as started:
        yield started


def run(programs, command, directory, data):
    finished = programs(
        *command,
        *(f"--train_log_dir={directory}", f"--dataset_dir={data}"),
        tiny=False,
    )
    assert finished.code == 0, finished.err
    return finished


def start(programs, command, directory, data, *more):
    """Starts a training; returns when it has made ten steps."""
    programs.start(
        *command,
        *(f"--train_log_dir={directory}", f"--dataset_dir={data}", *more),
        tiny=False,
    )
    metrics = directory / "metrics.jsonl"
    deadline = time.monotonic() + 240
    while not metrics.exists() or not metrics.read_bytes():
        assert time.monotonic() < deadline, programs.texts()
        assert "error: " not in programs.texts()[1], programs.texts()
        time.sleep(0.01)


def evaluations(directory):
    lines = map(json.loads, (directory / "metrics.jsonl").open())
    return {
        line["step"]: line["eval/Loss"] for line in lines if line["split"] != "train"
    }


def check_as_undisturbed(directory, undisturbed):
    check_whole(directory)
    check_same(arrays_of_run(directory), arrays_of_run(undisturbed))
    assert evaluations(directory) == evaluations(undisturbed)
    stores = [CheckpointStore(run / "checkpoints") for run in (directory, undisturbed)]
    assert stores[0].best().step == stores[1].best().step


@pytest.fixture(scope="module")
def undisturbed(programs, tmp_path_factory):
    """A function from a command and a format to a run whose data were always there."""
    made = {}

    def make(command, write, data_format):
        if (command, data_format) not in made:
            root = tmp_path_factory.mktemp("undisturbed")
            data = root / "data"
            write(data_format, data)
            run(programs, command, root / "run", data)
            made[command, data_format] = root / "run"
        return made[command, data_format]

    return make


@pytest.mark.parametrize(
    ("data_format", "lose", "said", "flags"),
    [
        ("slim", lose_all, "cannot be read: No such file or directory", ()),
        ("tfds", lose_all, "cannot be read: No such file or directory", ()),
        ("slim", lose_all, "No such file or directory", ("--skip_bad_records",)),
        ("slim", lose_shard, "cannot be read: No such file or directory", ()),
        ("slim", cut_shard, "the record is corrupt or cut short", ()),
        ("slim", replace_shard, "the record is corrupt or cut short", ()),
        ("slim", lose_validation, "No such file or directory", ()),
    ],
    ids=["slim", "tfds", "skipping", "shard", "cut", "replaced", "validation"],
)
def test_imagenet_is_lost_amid_a_training(
    programs, undisturbed, tmp_path, survived, data_format, lose, said, flags
):
    """No step is: the checkpoint is of the last that was made."""
    expected = undisturbed(IMAGENET, imagenet_on_disk.write_imagenet, data_format)
    data, directory = tmp_path / "data", tmp_path / "run"
    imagenet_on_disk.write_imagenet(data_format, data)
    start(programs, IMAGENET, directory, data, *flags)
    bring_back = lose(data)
    finished = programs.wait()
    check_sentence(finished, said, "validation" if lose is lose_validation else "train")
    check_whole(directory)
    step = CheckpointStore(directory / "checkpoints").latest().step
    assert 10 <= step < NUM_STEPS
    assert f"until then: {directory}/checkpoints/step-{step:08d}" in finished.err
    if lose is lose_all:
        # As long as nothing is there, nothing changes.
        before = sorted(directory.rglob("*"))
        again = programs(
            *IMAGENET,
            *(f"--train_log_dir={directory}", f"--dataset_dir={data}"),
            tiny=False,
        )
        check_sentence(again, data)
        assert sorted(directory.rglob("*")) == before
    bring_back()
    finished = run(programs, IMAGENET, directory, data)
    assert f"Going on from step {step}:" in finished.err
    check_as_undisturbed(directory, expected)
    survived("data sets lost amid a training: a sentence, then the same weights")


@pytest.mark.parametrize("data_format", cifar_on_disk.FORMATS)
def test_cifar_is_lost_amid_a_training(
    programs, undisturbed, tmp_path, survived, data_format
):
    """It is in memory: a training that has begun does without, a new one does not."""
    expected = undisturbed(CIFAR, cifar_on_disk.write_cifar, data_format)
    data, directory = tmp_path / "data", tmp_path / "run"
    cifar_on_disk.write_cifar(data_format, data)
    start(programs, CIFAR, directory, data)
    bring_back = lose_all(data)
    finished = programs.wait()
    assert finished.code == 0, finished.err
    check_as_undisturbed(directory, expected)
    longer = (*CIFAR[:-1], f"--max_number_of_steps={NUM_STEPS + 1}")
    arguments = (f"--train_log_dir={tmp_path / 'other'}", f"--dataset_dir={data}")
    check_sentence(programs(*longer, *arguments, tiny=False), data)
    assert not (tmp_path / "other").exists()
    bring_back()
    evaluation = (f"--checkpoint_dir={directory}", f"--dataset_dir={data}")
    finished = programs("main.py", "--mode=eval", *evaluation, tiny=False)
    assert finished.code == 0, finished.err
    survived("data sets lost amid a training that had them in memory")


@pytest.mark.parametrize("lose", [lose_all, lose_validation])
def test_imagenet_is_lost_between_evaluations(
    programs, undisturbed, tmp_path, survived, lose
):
    directory = undisturbed(IMAGENET, imagenet_on_disk.write_imagenet, "slim")
    data, results = tmp_path / "data", tmp_path / "eval"
    imagenet_on_disk.write_imagenet("slim", data)
    command = (
        *("main.py", "--mode=eval", f"--checkpoint_dir={directory}"),
        *(f"--dataset_dir={data}", f"--eval_dir={results}", "--evaluate_once"),
    )
    finished = programs(*command, tiny=False)
    assert finished.code == 0, finished.err
    before = (results / "eval.json").read_bytes()
    bring_back = lose(data)
    finished = programs(*command, tiny=False)
    check_sentence(finished, data)
    assert finished.out == ""
    assert (results / "eval.json").read_bytes() == before
    bring_back()
    assert programs(*command, tiny=False).code == 0
    check_whole(results)
    survived("data sets lost between evaluations")
