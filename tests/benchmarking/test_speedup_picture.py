import io

import numpy as np
import pytest
from made_up_report import made_up_report
from PIL import Image

from sact_keras.benchmarking import draw_speedups


def pixels(report):
    with Image.open(io.BytesIO(draw_speedups(report))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_what_is_drawn_is_what_is_reported():
    report = made_up_report()
    before = pixels(report)
    assert before.std() > 1
    report["cases"][0]["ideal_speedup"] = 2.2
    assert not np.array_equal(pixels(report), before)


@pytest.mark.parametrize("number", [1, 2])
def test_few_cases(number):
    report = made_up_report()
    report["cases"] = report["cases"][-number:]
    assert pixels(report).std() > 1


def test_more_batch_sizes_than_markers():
    report = made_up_report()
    case = report["cases"][0]
    report["cases"] = [{**case, "batch_size": size} for size in range(1, 14)]
    assert pixels(report).std() > 1
