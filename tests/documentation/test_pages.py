"""What the README and docs/ say is so."""

import re

import pytest
from conftest import PROJECT_ROOT
from documented_pages import PAGES, name_of, prose_of

from export.client import CLIENT
from export.ponder_maps import PONDER_MAPS
from export.saved_model import SAVED_MODEL
from export.tflite import TFLITE
from sact_keras.training import flags

README = PROJECT_ROOT / "README.md"
EXPORTERS = [SAVED_MODEL, TFLITE, PONDER_MAPS, CLIENT]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_the_project_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", prose_of(page))
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_to_sections_lead_there(page):
    """Within a page, or to a section of another one."""
    for path, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", prose_of(page)):
        target = page.parent / path if path else page
        assert anchor in anchors_of(target), f"{path}#{anchor}"


def anchors_of(page):
    """What GitHub calls the sections of a page."""
    headings = re.findall(r"^#+ (.*)$", prose_of(page), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def test_readme_names_only_flags_that_exist():
    named = set(re.findall(r"--(\w+)", README.read_text()))
    assert {"model_type", "tau", "mode"} <= named
    known = set()
    for of_program in ((), *((p.usage, p.flags, p.options_class) for p in EXPORTERS)):
        known |= set(re.findall(r"--(?:\[no\])?(\w+)", flags.help_text(*of_program)))
    assert named <= known | {"help"}
