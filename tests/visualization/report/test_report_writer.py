import base64
import hashlib
import html.parser
import io
import re
import tracemalloc

import numpy as np
import pytest
from PIL import Image
from report_entries import OPTIONS, make_entry

from sact_keras.visualization.report import write_report

UNCLOSED = {"meta", "link", "img", "input"}
CLOSED_BY_OTHERS = {"tr", "td", "th", "tbody"}  # As HTML allows.


class Page(html.parser.HTMLParser):
    """What stands in a page: its tags, its text, and whether it is well formed."""

    def __init__(self, source):
        super().__init__()
        self.source, self.tags, self.texts, self.open = source, [], [], []
        self.feed(source)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        self.tags.append((tag, dict(attributes)))
        if tag not in UNCLOSED | CLOSED_BY_OTHERS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in CLOSED_BY_OTHERS:
            assert self.open.pop() == tag, self.getpos()

    def handle_data(self, text):
        if not {"script", "style"} & set(self.open):
            self.texts.append(text)

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.tags
            if name == tag and wanted.items() <= attributes.items()
        ]

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    def costs(self):
        return [float(entry["data-cost"]) for entry in self.all("article")]


@pytest.fixture
def write(tmp_path):
    def write(entries, **options):
        path = tmp_path / "report.html"
        write_report(path, entries, **{**OPTIONS, **options})
        assert [file.name for file in tmp_path.iterdir()] == [path.name]
        return Page(path.read_text())

    return write


def pixels(url):
    kind, _, data = url.partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f"data:image/{picture.format.lower()}"
    return np.asarray(picture.convert("RGB"))


def test_the_page_refers_to_nothing_outside(write):
    page = write([make_entry(str(number)) for number in range(5)])
    loading = {"src", "href", "action", "data", "poster", "srcset", "background"}
    ids = {attributes.get("id") for _, attributes in page.tags}
    for tag, attributes in page.tags:
        assert tag not in {"iframe", "object", "embed", "base"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in loading & set(attributes):
            target = attributes[name]
            if target.startswith("#"):
                assert target[1:] in ids
            else:
                assert target.startswith("data:")
    assert "://" not in page.source
    assert not re.search(r"@import|url\(", page.source)


def test_the_policy_allows_the_pages_own_style_and_script_alone(write):
    page = write([make_entry()])
    (meta,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = dict(part.split(" ", 1) for part in meta["content"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"


NASTY = "<script>\"&'$title</template>é\udcff.jpg"


def test_texts_are_escaped(write):
    entry = make_entry(NASTY, label="<b>cat", prediction='"dog" & co')
    page = write([entry] * 2, title=NASTY, description={"<i>": "a & b"})
    shown = NASTY.replace("\udcff", "?")
    assert {article["data-name"] for article in page.all("article")} == {shown}
    assert page.text.count(shown) >= 3
    assert '✗ wrong: taken for "dog" & co, is <b>cat' in page.text
    assert "<i>a & b" in page.text
    assert len(page.all("script")) == 1
    assert not page.all("i")


def test_pictures_stand_once_and_the_right_way_round(write):
    image = np.zeros((6, 8, 3), np.uint8)
    image[:, 4:] = 255
    page = write([make_entry(image=image, cost=4.5)])
    (drawn,) = page.all("image", id="image-0")
    np.testing.assert_allclose(pixels(drawn["href"]), image, atol=3)
    (drawn,) = page.all("image", id="map-0")
    # 3.5 and 5.5 of 2 to 7: 0.3 and 0.7 of viridis.
    ponder_map = pixels(drawn["href"])
    assert ponder_map.shape == (6, 8, 3)
    np.testing.assert_allclose(ponder_map[0, 0], (53, 95, 141), atol=4)
    np.testing.assert_allclose(ponder_map[0, 7], (68, 191, 112), atol=4)
    assert page.source.count("data:image/jpeg") == 1
    # The summed map, a map for each block, and the colours.
    assert page.source.count("data:image/png") == 4


def test_large_pictures_are_made_smaller(write):
    image = np.zeros((500, 2000, 3), np.uint8)
    page = write([make_entry(image=image, ponder_cost_map=np.full((500, 2000), 3.0))])
    for name in ("image-0", "map-0"):
        (drawn,) = page.all("image", id=name)
        assert pixels(drawn["href"]).shape == (128, 512, 3)
        assert (drawn["width"], drawn["height"]) == ("2000", "500")


def test_networks_that_decide_for_images_show_units(write):
    page = write([make_entry(spatial=False, block_maps={})] * 4)
    assert not page.all("image", **{"class": "map"})
    assert not page.all("input", id="strength")
    ran = {drawing.get("aria-label") for drawing in page.all("svg")}
    assert "ran: unit 1, unit 2 at 50%" in ran
    assert "ran: unit 1, unit 2 at 25%" in ran


def test_figures_are_those_of_all_and_entries_sorted_by_cost(write):
    costs = [3.0, 6.0, 4.0, 5.0]
    entries = [
        make_entry(cost=cost, dense_flops=1e8, label="a", prediction="ab"[index == 1])
        for index, cost in enumerate(costs)
    ]
    page = write(iter(entries), limit=3)
    assert page.costs() == [3, 5, 6]
    for text in ("45.0 MFLOPs", "11.2 MFLOPs", "45.0%", "75.0%", "4.50"):
        assert text in page.text
    assert "3 of 4 images are shown: the 1 cheapest, the 1 dearest and 1" in page.text
    assert "from 3.00 to 6.00, median 4.50" in page.text


def test_known_costs_choose_the_same_entries(write):
    costs = np.random.default_rng(0).uniform(2, 7, 50)
    entries = [make_entry(str(i), cost) for i, cost in enumerate(costs)]
    blind = write(iter(entries), limit=10)
    knowing = write(iter(entries), limit=10, costs=costs)
    assert knowing.source == blind.source
    order = np.sort(costs)
    np.testing.assert_allclose(blind.costs()[:3], order[:3], rtol=1e-5)
    np.testing.assert_allclose(blind.costs()[-3:], order[-3:], rtol=1e-5)
    assert blind.costs() == sorted(blind.costs())


def test_memory_does_not_grow_with_images(tmp_path):
    def entries():
        noise = np.random.default_rng(0)
        for number in range(60):
            yield make_entry(
                str(number),
                image=noise.integers(0, 256, (256, 256, 3), np.uint8),
                ponder_cost_map=np.full((256, 256), 3.0),
            )

    path = tmp_path / "report.html"
    tracemalloc.start()
    try:
        write_report(path, entries(), **OPTIONS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 3 * peak


def test_one_image_and_a_constant_scale(write):
    page = write([make_entry()], low=4.0, high=4.0)
    assert "There is one image." in page.text
    assert "ponder cost of 1 image: from 4.00" in page.text
    assert page.all("g") == [{"data-text": "4: 1 image"}]
    assert "Easiest" not in page.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": 0}, "`limit` must be 1"),
        ({"costs": [1.0, 2.0]}, "`costs` must be as many"),
        ({"low": 8.0}, "`low` must be at most"),
        ({"low": float("nan")}, "`low` must be at most"),
        ({"quantity": "watts"}, "`quantity` must be one of"),
        ({"num_units": [2]}, "must be equally many"),
        ({"num_units": [2, 4]}, "`executed_units` must have"),
    ],
)
def test_faulty_arguments_leave_the_old_file(tmp_path, change, message):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match=message):
        write_report(path, [make_entry()], **{**OPTIONS, **change})
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_no_entry_and_an_error_half_way_leave_nothing(tmp_path):
    def half():
        yield make_entry()
        raise KeyError

    with pytest.raises(ValueError, match="`entries` must hold"):
        write_report(tmp_path / "report.html", [], **OPTIONS)
    with pytest.raises(KeyError):
        write_report(tmp_path / "report.html", half(), **OPTIONS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [0, 3000, 12_000])
def test_a_full_disk_leaves_nothing(tmp_path, longest_file, size):
    path = tmp_path / "report.html"
    with longest_file(size), pytest.raises(OSError, match=f"too large: '{path}'$"):
        write_report(path, [make_entry()], **OPTIONS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((6, 8, 3))}, "`image` must be uint8"),
        ({"ponder_cost_map": np.zeros((8, 6))}, "must have the image's size"),
        ({"block_maps": {"block_1": np.zeros(3)}}, "`block_maps` must hold"),
        ({"cost": float("nan")}, "must be finite"),
        ({"executed_units": np.array([2.0])}, "must be shares in"),
    ],
)
def test_faulty_entries_are_named(change, message):
    with pytest.raises(ValueError, match=message) as error:
        make_entry("photo 7", **change)
    assert "'photo 7'" in str(error.value)


def test_the_page_is_part_of_the_package(project_root):
    import configparser

    setup = configparser.ConfigParser()
    setup.read(project_root / "setup.cfg")
    named = setup["options.package_data"]["sact_keras.visualization.report"].split()
    folder = project_root / "sact_keras" / "visualization" / "report"
    parts = {path.name for path in folder.iterdir() if path.is_file()}
    assert {name for name in parts if not name.endswith(".py")} == set(named)
