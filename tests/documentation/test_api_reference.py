"""The API reference has a page for each package, and each public name on one."""

import html
import importlib
import inspect
import re
import sys

import pytest
from conftest import PROJECT_ROOT

pytest.importorskip("pdoc", reason="needs pdoc, of the extra [docs]")
sys.path.insert(0, str(PROJECT_ROOT / "docs"))

import build_reference
from build_reference import PAGES, public_names


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The directory that `make docs` writes."""
    directory = tmp_path_factory.mktemp("api")
    build_reference.main([f"--output_dir={directory}"])
    return directory


def page_of(reference, name):
    return (reference / f"{name.replace('.', '/')}.html").read_text()


def text_of(page):
    """What is read on a page, without white space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def shown(line):
    """A line of Markdown as it is read, without white space."""
    return "".join(line.replace("`", "").split())


@pytest.mark.parametrize("name", PAGES)
def test_public_names_are_described(reference, name):
    page = page_of(reference, name)
    text = text_of(page)
    module = importlib.import_module(name)
    assert shown(inspect.getdoc(module).split("\n")[0]) in text
    for public, value in (public_names(name) or {}).items():
        assert f'<section id="{public}">' in page, public
        if inspect.isclass(value) or inspect.isroutine(value):
            assert value.__doc__, f"{public} has no docstring"
            described = shown(inspect.cleandoc(value.__doc__).split("\n")[0])
        else:
            section = page.partition(f'<section id="{public}">')[2]
            assert '<div class="docstring">' in section.partition("</section>")[0], (
                f"{public} needs a docstring below it"
            )
            continue
        assert described in text, public


def test_every_package_has_a_page():
    """Or is one of those that others are made of."""
    packages = {
        ".".join(path.parent.relative_to(PROJECT_ROOT).parts)
        for path in (PROJECT_ROOT / "sact_keras").rglob("__init__.py")
    }
    inner = {"files", "training.callbacks", "training.distribution"}
    inner |= {"training.flag_groups"}
    assert packages - set(PAGES) == {f"sact_keras.{name}" for name in inner}


def test_sections_are_rendered(reference):
    page = page_of(reference, "sact_keras.models")
    network = page.partition('<section id="AdaptiveResNet">')[2]
    for heading in ("Arguments", "Input shape", "Output", "Raises", "Example"):
        assert f">{heading}:</h6>" in network, heading
    assert "<li><strong>block_1/num_units:</strong> executed units" in network
    assert '<span class="gp">&gt;&gt;&gt; </span>' in network
    assert "keras.src" not in text_of(page)


def test_members_of_keras_stay_out(reference):
    page = page_of(reference, "sact_keras.layers")
    assert 'id="HaltingDecision.get_config"' in page
    for inherited in ("add_weight", "get_weights", "count_params", "trainable"):
        assert f'id="HaltingDecision.{inherited}"' not in page


def test_formulas_and_names_of_outputs_are_whole(reference):
    halting = text_of(page_of(reference, "sact_keras.layers.halting"))
    assert shown("the remainder R = 1 - (h_1 + ... + h_{N-1}) at N") in halting
    losses = text_of(page_of(reference, "sact_keras.losses"))
    assert shown('"<block>/ponder_cost", [N] or [N, h, w], are read.') in losses


def test_links_lead_somewhere(reference):
    for page in reference.rglob("*.html"):
        content = re.sub(r"<script.*?</script>", "", page.read_text(), flags=re.DOTALL)
        for link in re.findall(r'href="([^"]+)"', content):
            path, _, fragment = link.partition("#")
            if "://" in link:
                continue
            target = page.parent / path if path else page
            assert target.is_file(), f"{page.name}: {link}"
            if fragment:
                assert f'id="{fragment}"' in target.read_text(), f"{page.name}: {link}"
