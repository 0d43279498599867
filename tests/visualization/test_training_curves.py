"""Accuracy and executed units in the course of trainings."""

import json
import warnings

import numpy as np
import pytest
from PIL import Image

from sact_keras.visualization.training_curves import (
    Course,
    draw_training_curves,
    main,
    read_course,
)


def write_run(directory, evaluations, **flags):
    directory.mkdir()
    flags = {"model_type": "blockdrop", "batch_size": 64, **flags}
    (directory / "config.json").write_text(json.dumps({"flags": flags}))
    lines = [{"step": 10, "split": "train", "loss": 1.0}, *evaluations]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (directory / "metrics.jsonl").write_text(text)
    return directory


def evaluation(step, accuracy, *units):
    blocks = {f"block_{i + 1}/num_units_mean": n for i, n in enumerate(units)}
    return {"step": step, "split": "test", "eval/Accuracy": accuracy, **blocks}


def test_a_run_is_read(tmp_path):
    evaluations = [evaluation(10, 0.5, 1, 2.5), evaluation(20, 0.75, 1, 0.25)]
    run = write_run(tmp_path / "run", evaluations, stage="finetune")
    expected = Course("finetune", [10, 20], [0.5, 0.75], [3.5, 1.25], 64)
    assert read_course(run) == expected
    other = write_run(tmp_path / "other", evaluations, model_type="sact", stage=None)
    assert read_course(other).title == "sact"


def test_stages_stand_one_behind_another():
    courses = [
        Course("pretrain", [100, 200], [0.5, 0.8], [9, 9], 100),
        Course("curriculum", [50], [0.7], [5], 200),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, both = (
            draw_training_curves(courses[:count], num_images=1000) for count in (1, 2)
        )
    assert first != both
    assert first.startswith(b"\x89PNG")


def test_the_command_writes_a_picture(tmp_path):
    runs = [
        write_run(tmp_path / name, [evaluation(10, 0.5, 1, 2)], stage=name)
        for name in ("pretrain", "curriculum")
    ]
    output = tmp_path / "curves.png"
    main([*map(str, runs), f"--output={output}", "--num_images=640"])
    with Image.open(output) as image:
        assert np.asarray(image.convert("L")).std() > 1


@pytest.mark.parametrize(
    ("evaluations", "message"), [([], "must be a run that has been evaluated")]
)
def test_a_run_without_evaluations_is_named(tmp_path, capsys, evaluations, message):
    run = write_run(tmp_path / "run", evaluations)
    with pytest.raises(SystemExit) as stop:
        main([str(run), f"--output={tmp_path / 'x.png'}"])
    assert stop.value.code == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_no_run_and_no_images(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "none"), f"--output={tmp_path / 'x.png'}"])
    assert stop.value.code == 1
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path), "--output=x.png", "--num_images=0"])
    assert stop.value.code == 2
    assert "Received: 0" in capsys.readouterr().err
