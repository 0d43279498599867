import json

import numpy as np
import pytest
import tensorflow as tf
from tiny_training import TinyDataset, tiny_model, tiny_options

import sact_keras
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.data import DatasetChoice, DatasetError
from sact_keras.training import driver
from sact_keras.training.build import build_for_training, build_network
from sact_keras.training.dataset_evaluation import DatasetEvaluation
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.train import train
from sact_keras.training.usage_error import UsageError


@pytest.fixture
def trainings(monkeypatch, tmp_path):
    """Records what would be trained, in an empty working directory."""
    recorded = []

    def train(options, dataset, distribution):
        recorded.append(options)
        return Evaluation(1, {"eval/Accuracy": 1.0})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "train", train)
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
    return recorded


def choose(monkeypatch, name, is_fallback):
    def choice(dataset, dataset_dir):
        assert dataset is None
        return DatasetChoice(name, dataset_dir, "there is no network", is_fallback)

    monkeypatch.setattr(driver, "choose_dataset", choice)


def test_falls_back_to_shapes_loudly_and_with_a_short_schedule(
    trainings, monkeypatch, capsys
):
    choose(monkeypatch, "shapes", True)
    driver.run(Options(mode="train", model_type="sact"))
    (options,) = trainings
    assert options.dataset == "shapes"
    assert (options.max_number_of_steps, options.batch_size) == (2500, 32)
    assert options.train_log_dir == "runs/shapes_sact_5_tau0.01"
    said = capsys.readouterr().err
    assert "CIFAR-10 IS NOT USED: there is no network" in said
    assert {len(line) for line in said.splitlines()} == {80}


def test_the_users_steps_are_kept_in_the_fallback(trainings, monkeypatch):
    choose(monkeypatch, "shapes", True)
    driver.run(Options(mode="train", max_number_of_steps=7))
    assert trainings[0].max_number_of_steps == 7


def test_cifar_where_it_is_at_hand(trainings, monkeypatch, capsys):
    choose(monkeypatch, "cifar10", False)
    driver.run(Options(mode="train", dataset_dir="somewhere"))
    (options,) = trainings
    assert (options.dataset, options.dataset_dir) == ("cifar10", "somewhere")
    assert (options.max_number_of_steps, options.batch_size) == (100_000, 128)
    assert "NOT USED" not in capsys.readouterr().err


def test_a_run_goes_on_with_the_data_set_that_it_began_with(
    trainings, monkeypatch, tmp_path
):
    """Whatever the network says meanwhile."""
    directory = tmp_path / "run"
    directory.mkdir()
    begun = tiny_options(directory, max_number_of_steps=2500)
    RunConfig.of(begun).write(directory)
    choose(monkeypatch, "cifar10", False)
    driver.run(begun.replace(dataset=None, max_number_of_steps=None, mode="train"))
    assert trainings == [begun.replace(mode="train")]


def test_more_examples_than_there_are(trainings):
    with pytest.raises(UsageError, match="--num_examples must be at most 24"):
        driver.run(Options(dataset="shapes", num_examples=25))
    assert trainings == []


def test_a_model_that_the_data_set_has_not(trainings, monkeypatch):
    """Where the data set was not named, only its choice tells."""
    choose(monkeypatch, "cifar10", False)
    with pytest.raises(UsageError, match=r"--model must be .*'3_4_6_3'"):
        driver.run(Options(mode="train", model="3_4_6_3"))
    assert trainings == []


def test_a_model_that_only_another_variant_has(tmp_path):
    """In evaluation the network may be of any variant, until the checkpoint is read."""
    path = tmp_path / "model.pth"
    path.write_bytes(b"PK")
    options = {"dataset": "imagenet", "model_type": "vanilla", "model": "34"}
    with pytest.raises(UsageError, match=r"--model must .*'34'. .*--variant=dynconv"):
        driver.run(Options(mode="squeeze", checkpoint_dir=str(path), **options))


def test_a_split_that_is_not_there(trainings):
    with pytest.raises(DatasetError, match=r"'validation' .*Received: train and test"):
        driver.run(Options(dataset="shapes", split_name="validation"))
    # Training alone does without, unless it was asked for.
    driver.run(Options(dataset="shapes", mode="train", split_name="validation"))
    assert trainings[0].split_name == "train"


def test_a_data_set_without_a_training_split(trainings, monkeypatch):
    monkeypatch.setattr(TinyDataset, "num_examples", {"test": 24})
    with pytest.raises(DatasetError, match=r"split 'train' to train on\. .*: test in"):
        driver.run(Options(dataset="shapes"))
    assert trainings == []


def test_no_good_record_to_evaluate(tmp_path):
    dataset = TinyDataset()
    dataset.evaluation_batches = lambda *size, **which: ()
    options = tiny_options(tmp_path)
    evaluation = DatasetEvaluation(
        build_network(options), options, dataset, jit_compile=False
    )
    with pytest.raises(DatasetError, match="no good record in shapes/test"):
        evaluation()


def test_fewer_images_than_heatmaps(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyDataset, "num_examples", {"train": 48, "test": 2})
    train(tiny_options(tmp_path, max_number_of_steps=1), TinyDataset())


def test_what_is_wrong_with_the_data_is_said(monkeypatch, tmp_path):
    """TensorFlow's own words would be those of a graph."""
    dataset = TinyDataset()

    def train(options, dataset, distribution):
        dataset.fault = DatasetError("the JPEG is cut short", path="a", record=3)
        raise tf.errors.UnknownError(None, None, "{{node ParseExample}}")

    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: dataset)
    monkeypatch.setattr(driver, "train", train)
    with pytest.raises(DatasetError, match="a, record 3: the JPEG is cut short"):
        driver.run(tiny_options(tmp_path))


def test_squeezing_knows_the_run_from_its_directory(trainings, tmp_path, capsys):
    options = tiny_options(tmp_path, base_channels=4)
    RunConfig.of(options).write(tmp_path)
    model = build_for_training(options, TinyDataset())
    model.optimizer.build(model.trainable_variables)
    CheckpointStore(tmp_path / "checkpoints").save(model, 3)
    driver.run(Options(mode="squeeze", checkpoint_dir=str(tmp_path)))
    squeezed = tmp_path / "squeezed.weights.h5"
    assert str(squeezed) in capsys.readouterr().out
    revived = build_network(options)
    sact_keras.load_checkpoint(revived, squeezed)
    for variable, expected in zip(revived.weights, model.weights, strict=True):
        np.testing.assert_array_equal(variable, expected, err_msg=variable.path)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"model_type": "act"}, r"--model_type must be .*model_type=sact"),
        ({"model": "50"}, r"--model must be .*model=1\)\. Received: --model=50"),
        ({"model": "2"}, r"--model must be .*model=1\)\. Received: --model=2"),
        ({"tau": 0.5}, r"--tau must be .*tau=0\.01"),
        ({"dataset": "imagenet"}, r"--dataset must be .*family=cifar"),
    ],
)
def test_squeezing_another_network_than_it_is(tmp_path, flags, said):
    path = tmp_path / "small.keras"
    tiny_model(model="1").save(path)
    options = Options(
        mode="squeeze", checkpoint_dir=str(path), explicit=frozenset(flags), **flags
    )
    with pytest.raises(UsageError, match=said):
        driver.run(options)
    assert list(tmp_path.iterdir()) == [path]


def test_squeezing_to_a_directory_that_is_to_come_and_to_one_that_is(tmp_path):
    path = tmp_path / "small.keras"
    tiny_model().save(path)
    target = tmp_path / "new" / "copy.keras"
    options = Options(mode="squeeze", checkpoint_dir=str(path))
    driver.run(options.replace(squeezed_path=str(target)))
    assert target.is_file()
    folder = tmp_path / "folder.keras"
    folder.mkdir()
    with pytest.raises(UsageError, match=r"must be a file\. .*the directory .*folder"):
        driver.run(options.replace(squeezed_path=str(folder)))


def test_flags_of_imagenet_where_the_data_set_turns_out_to_be_another(
    trainings, monkeypatch
):
    choose(monkeypatch, "cifar10", False)
    for flags in ({"image_size": 64}, {"skip_bad_records": True}):
        with pytest.raises(UsageError, match=r"alone\. .*the data set cifar10"):
            driver.run(Options(mode="train", **flags))
    assert trainings == []


def test_squeezing_what_belongs_to_no_run_needs_a_data_set(tmp_path):
    path = tmp_path / "model.weights.h5"
    tiny_model().save_weights(path)
    with pytest.raises(UsageError, match="--mode=squeeze needs --dataset"):
        driver.run(Options(mode="squeeze", checkpoint_dir=str(path)))


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(driver.keras.backend, "backend", lambda: "jax")
    with pytest.raises(UsageError, match="KERAS_BACKEND=jax"):
        driver.run(Options())


def test_evaluation_takes_what_was_not_given_from_the_run(monkeypatch, tmp_path):
    trained = tiny_options(tmp_path, model_type="act", tau=0.7, model="1_2_1")
    RunConfig.of(trained).write(tmp_path)
    opened, watched = [], []
    monkeypatch.setattr(
        driver,
        "open_dataset",
        lambda *arguments, **others: (
            opened.append((*arguments, others)) or TinyDataset()
        ),
    )
    monkeypatch.setattr(
        driver,
        "watch_checkpoints",
        lambda options, dataset, **others: watched.append((options, others)),
    )
    driver.run(Options(mode="eval", train_log_dir=str(tmp_path), batch_size=1))
    ((options, others),) = watched
    assert (options.model_type, options.model) == ("act", "1_2_1")
    assert (options.tau, options.eps) == (0.7, 0.01)
    assert options.eval_dir == str(tmp_path / "eval")
    assert others["num_steps"] == trained.max_number_of_steps
    none_of_imagenets = {"image_size": None, "skip_bad_records": False}
    assert opened == [("shapes", None, none_of_imagenets)]

    driver.run(Options(mode="eval", checkpoint_dir=str(tmp_path), tau=0.1))
    assert watched[1][0].tau == 0.1


def test_results_of_training_and_evaluation(tmp_path, capsys):
    options = tiny_options(tmp_path, max_number_of_steps=2, num_examples=5)
    for _ in range(2):  # The second time there is nothing left to train.
        driver.run(options)
        printed = capsys.readouterr().out
        assert "at step 2 on 5 images of shapes/test" in printed
        results = json.loads((tmp_path / "eval" / "eval-00000002.json").read_text())
        accuracy = results["values"]["eval/Accuracy"]
        assert f"eval/Accuracy[{accuracy:.8g}]" in printed
        assert results["model_type"] == "sact"
        assert results["tau"] == 0.01


@pytest.mark.parametrize(
    ("flags", "others"),
    [
        ({"model_type": "sact"}, {}),
        ({"model_type": "aig"}, {"background": False}),
        ({"model_type": "vanilla", "variant": "dynconv"}, {"background": False}),
    ],
)
def test_labels_of_imagenet_follow_the_variant(trainings, monkeypatch, flags, others):
    opened = []
    monkeypatch.setattr(
        driver,
        "open_dataset",
        lambda *names, **options: opened.append(options) or TinyDataset(),
    )
    driver.run(Options(mode="train", dataset="imagenet", **flags))
    none_of_imagenets = {"image_size": None, "skip_bad_records": False}
    assert opened == [{**none_of_imagenets, **others}]


def test_a_schedule_for_another_network_than_it_turns_out_to_be(trainings, monkeypatch):
    choose(monkeypatch, "cifar10", False)
    options = Options(mode="train", model_type="aig", target_rates="1,t,t")
    with pytest.raises(UsageError, match="--target_rates must be 15 rates"):
        driver.run(options)
    assert trainings == []


def test_flags_of_another_method_than_the_runs(monkeypatch, tmp_path):
    RunConfig.of(tiny_options(tmp_path, model_type="sact")).write(tmp_path)
    monkeypatch.setattr(driver, "watch_checkpoints", lambda *a, **k: None)
    options = Options(
        mode="eval",
        checkpoint_dir=str(tmp_path),
        gate_eval="sample",
        explicit=frozenset({"gate_eval"}),
    )
    with pytest.raises(UsageError, match="--gate_eval has no meaning for a sact model"):
        driver.run(options)


def test_an_attack_knows_the_run_from_its_directory(monkeypatch, tmp_path):
    trained = tiny_options(tmp_path, model_type="aig", target_rate=0.4)
    RunConfig.of(trained).write(tmp_path)
    attacked = []
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
    monkeypatch.setattr(
        driver, "attack_checkpoint", lambda *arguments: attacked.append(arguments)
    )
    driver.run(
        Options(
            mode="attack", checkpoint_dir=str(tmp_path), epsilon=0.05, num_examples=3
        )
    )
    ((options, dataset),) = attacked
    assert isinstance(dataset, TinyDataset)
    assert (options.model_type, options.target_rate) == ("aig", 0.4)
    assert (options.variant, options.preprocessing) == ("aig", "aig")
    assert (options.attack, options.epsilon, options.jpeg_quality) == ("fgsm", 0.05, 75)
    assert (options.split_name, options.num_examples) == ("test", 3)
    assert options.eval_dir == str(tmp_path / "eval")


STAGE = {"mode": "train", "dataset": "shapes", "model_type": "blockdrop", "model": "1"}


def test_a_stage_goes_on_though_its_start_has_gone(trainings, tmp_path):
    """By the same command, in the directory that it has by default."""
    directory = tmp_path / "runs" / "shapes_blockdrop_1_curriculum"
    directory.mkdir(parents=True)
    begun = Options(stage="curriculum", finetune_path="gone", **STAGE)
    RunConfig.of(begun.resolve_model().resolve_schedule()).write(directory)
    driver.run(Options(stage="curriculum", **STAGE))
    (options,) = trainings
    assert options.finetune_path == "gone"
    assert options.train_log_dir == "runs/shapes_blockdrop_1_curriculum"


def test_a_stage_without_a_start_ends_before_anything_is_opened(
    trainings, monkeypatch, tmp_path
):
    monkeypatch.setattr(driver, "open_dataset", None)
    for stage in ("curriculum", "finetune"):
        with pytest.raises(UsageError, match=f"--stage={stage} needs "):
            driver.run(Options(stage=stage, **STAGE))
    assert trainings == []
    assert list(tmp_path.iterdir()) == []


def test_a_policy_for_a_run_that_has_none(trainings, monkeypatch, tmp_path):
    monkeypatch.setattr(driver, "watch_checkpoints", None)
    for flags in ({"model_type": "sact"}, {"model_type": "blockdrop"}):
        stage = "pretrain" if flags["model_type"] == "blockdrop" else None
        RunConfig.of(tiny_options(tmp_path, stage=stage, **flags)).write(tmp_path)
        options = Options(mode="eval", checkpoint_dir=str(tmp_path), policy_path="y")
        with pytest.raises(UsageError, match="--policy_path needs --model_type=blockd"):
            driver.run(options)
