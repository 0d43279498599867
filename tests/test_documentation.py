"""What the README and docs/ say is so."""

import re

import numpy as np
import pytest
from conftest import PROJECT_ROOT

from export.client import CLIENT
from export.ponder_maps import PONDER_MAPS
from export.saved_model import SAVED_MODEL
from export.tflite import TFLITE
from sact_keras.training import flags

README = PROJECT_ROOT / "README.md"
EXPORTERS = [SAVED_MODEL, TFLITE, PONDER_MAPS, CLIENT]
PAGES = [README, *sorted((PROJECT_ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text())
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing


def test_readme_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = {"images": np.ones((2, 32, 32, 3), np.float32)}
    exec(example, names)
    assert names["outputs"]["logits"].shape == (2, 10)
    # The shapes that its comments give, [N, ...], with N = 2.
    shapes = re.findall(r'outputs\["(\w+)"\] +# (\[N[^\]]*\])', example)
    assert len(shapes) >= 4
    for name, shape in shapes:
        expected = tuple(
            int(size) for size in shape.strip("[]").replace("N", "2").split(",")
        )
        assert tuple(names["outputs"][name].shape) == expected, name


def test_readme_names_only_flags_that_exist():
    named = set(re.findall(r"--(\w+)", README.read_text()))
    assert {"model_type", "tau", "mode"} <= named
    known = set()
    for of_program in ((), *((p.usage, p.flags, p.options_class) for p in EXPORTERS)):
        known |= set(re.findall(r"--(?:\[no\])?(\w+)", flags.help_text(*of_program)))
    assert named <= known | {"help"}
