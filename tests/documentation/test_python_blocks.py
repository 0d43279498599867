"""The Python in the README and docs/ runs, in the order of its page."""

import ast
import importlib.util
import re
import shutil
from unittest import mock

import numpy as np
import pytest
from conftest import PROJECT_ROOT
from documented_pages import PAGES, name_of, python_blocks_of
from workspace import NotThereYetError, Workspace, write_shared

from sact_keras.models import METHODS

FAST = {
    "README.md": 1,
    "docs/tutorials/add_a_method.md": 1,
    "docs/tutorials/ponder_maps.md": 1,
}
"""Page -> how many of its first blocks take seconds; all others are slow."""

SCALED_DOWN = {
    "docs/tutorials/add_a_method.md": [("steps = 1500", "steps = 2")],
}
"""Page -> what is replaced in its Python, and by what."""

EXTRAS = ("ai_edge_litert", "tensorflow_model_optimization", "torch")
"""Libraries that come with an extra, or not at all."""

_PATH = re.compile(r'"((?:runs|models|exports)/[^"]+)"')
_PHOTOGRAPH = re.compile(r'"(photos/[^"]+)"')
_NETWORK = re.compile(r'load_pretrained\(\s*"(\w+)"|"(cifar10_\w+_resnet\d+)"')
_SHAPE = re.compile(r'(\w+)\["([\w/]+)"\] +# \[(N(?:, \d+)*)\]')


def blocks():
    for page in PAGES:
        for number, block in enumerate(python_blocks_of(page)):
            fast = number < FAST.get(name_of(page), 0)
            marks = () if fast else (pytest.mark.slow,)
            yield pytest.param(block, marks=marks, id=block.name)


def small_model(**arguments):
    import sact_keras

    model = sact_keras.build_model("sact", model="1", base_channels=4, **arguments)
    model.compile("sgd", "mse")
    return model


def small_compact_model():
    import sact_keras

    return sact_keras.compact(small_model())


def pixels(count):
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)


GIVEN = {
    "fast": small_compact_model,
    "image": lambda: pixels(1)[0],
    "images": lambda: np.ones((3, 32, 32, 3), np.float32),
    "labels": lambda: np.arange(3),
    "model": small_model,
    "test_images": lambda: pixels(2),
    "training_images": lambda: pixels(4),
}
"""Name that a page takes for granted -> what makes it."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A function from a page to its workspace, and the names that its Python has made.

    What a page's blocks before the one that is asked for make, a page's reader has.
    """
    made, shared = {}, tmp_path_factory.mktemp("shared")
    write_shared(shared)

    def of(page):
        if page not in made:
            root = tmp_path_factory.mktemp(page.stem)
            workspace = Workspace(root, shared)
            made[page] = workspace, {"__name__": "__main__"}, []
        return made[page]

    with mock.patch.dict(METHODS):  # A page may enter one.
        yield of
    for workspace, *_ in made.values():
        shutil.rmtree(workspace.project.parent)


@pytest.mark.parametrize("block", list(blocks()))
def test_python_runs(block, pages, monkeypatch):
    if missing := missing_libraries(block):
        pytest.skip(f"needs {', '.join(missing)}")
    workspace, names, done = pages(block.page)
    monkeypatch.chdir(workspace.project)
    monkeypatch.syspath_prepend(PROJECT_ROOT / "tests" / "checkpoints")
    for name, value in {**workspace.environment, "MPLBACKEND": "agg"}.items():
        monkeypatch.setenv(name, value)
    for one in python_blocks_of(block.page):
        if one.line <= block.line and one.line not in done:
            if not missing_libraries(one):
                run(one, workspace, names)
            done.append(one.line)
    check_shapes(block, names)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_can_be_typed(page):
    """Also where it runs with the slow tests only."""
    for block in python_blocks_of(page):
        compile("\n" * (block.line - 1) + block.source, str(page), "exec")


def missing_libraries(block):
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(block.source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    return [n for n in EXTRAS if n in imported and importlib.util.find_spec(n) is None]


def run(block, workspace, names):
    source = block.source
    for old, new in SCALED_DOWN.get(name_of(block.page), ()):
        source = source.replace(old, new)
    try:
        for path in _PATH.findall(source):
            workspace.provide(path)
        for found in _NETWORK.findall(source):
            workspace.provide(f"sact_keras/pretrained/{''.join(found)}")
    except NotThereYetError as error:
        pytest.skip(str(error))
    for path in _PHOTOGRAPH.findall(source):
        workspace.provide_photographs(path)
    for name in names_taken_for_granted(source):
        if name in GIVEN and name not in names:
            names[name] = GIVEN[name]()
    # Tracebacks name the page, and its line.
    code = compile("\n" * (block.line - 1) + source, str(block.page), "exec")
    exec(code, names)


def names_taken_for_granted(source):
    """The names that a block reads and may not have made, without the builtins."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)}


def check_shapes(block, names):
    """Shapes that comments give, [N, ...], are those of what was made."""
    for variable, name, shape in _SHAPE.findall(block.source):
        found = tuple(names[variable][name].shape)
        expected = tuple(int(size) for size in shape.split(", ")[1:])
        assert found[1:] == expected, f'{variable}["{name}"]'


def test_scaled_down_text_is_there():
    for page, replaced in SCALED_DOWN.items():
        source = "".join(b.source for b in python_blocks_of(PROJECT_ROOT / page))
        for old, _ in replaced:
            assert old in source, page


def test_the_shapes_of_the_readme_are_found():
    (readme,) = (page for page in PAGES if page.name == "README.md")
    found = [_SHAPE.findall(block.source) for block in python_blocks_of(readme)]
    assert sum(map(len, found)) >= 4
