"""What a run of the program says of data that is not as it should be."""

import cifar_on_disk as disk
import pytest

from sact_keras.training.command_line import main


def corrupt_record(directory):
    (file,) = disk.files_of("slim", directory, "train")
    disk.flip_byte(file, disk.record_offset(file, 4) + 200)
    return f"{file}, record 4: the record is corrupt"


def truncated_image(directory):
    (file,) = disk.files_of("slim", directory, "train")
    encoded = disk.png(disk.random_images(1)[0])
    disk.replace_record(file, 3, disk.example("slim", encoded[:-900], 1))
    return f"{file}, record 3: Invalid PNG data"


def label_outside(directory):
    (file,) = disk.files_of("slim", directory, "test")
    encoded = disk.png(disk.random_images(1)[0])
    disk.replace_record(file, 2, disk.example("slim", encoded, 10))
    return f"{file}, record 2: the label is 10, outside the classes 0 to 9"


def no_label(directory):
    (file,) = disk.files_of("slim", directory, "train")
    encoded = disk.png(disk.random_images(1)[0])
    disk.replace_record(file, 0, disk.example("slim", encoded, None))
    return f"{file}, record 0: Feature: image/class/label"


def missing_split(directory):
    (file,) = disk.files_of("slim", directory, "test")
    file.unlink()
    return f"must have the split 'test' to evaluate on. Received: train in {directory}"


@pytest.mark.parametrize(
    "damage", [corrupt_record, truncated_image, label_outside, no_label, missing_split]
)
def test_bad_data_ends_in_one_sentence_before_anything_is_written(
    damage, tmp_path, capsys
):
    directory = disk.write_cifar("slim", tmp_path / "data")
    said = damage(directory)
    run = tmp_path / "run"
    code = main(
        [
            *("main.py", "--dataset=cifar10", f"--dataset_dir={directory}"),
            *("--model=1", "--max_number_of_steps=1", f"--train_log_dir={run}"),
        ]
    )
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    assert said in printed.err.splitlines()[-1]
    assert not run.exists()
