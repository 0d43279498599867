"""The report in a real browser, used as a person uses it."""

import numpy as np
import pytest
from chromium import Chromium
from report_entries import OPTIONS, make_entry

from sact_keras.visualization.report import write_report

NAMES = ["zebra 10", "zebra 9", "<i>&amp;\"'", "cat"]
COSTS = [5.0, 3.0, 6.0, 4.0]
BY_COST = ["zebra 9", "cat", "zebra 10", "<i>&amp;\"'"]
SHOWN = "[...document.querySelectorAll('.entry')].filter(e => e.offsetParent)"
ORDER = f"{SHOWN}.map(e => e.querySelector('h3').textContent.trim())"
IS_OPEN = "document.querySelector('dialog').open"
NAME = "document.querySelector('#details-name').textContent"
FOCUSED = "document.activeElement.textContent.trim()"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(started):
    """A browser that must have nothing to complain of, and load nothing."""
    yield started
    assert started.complaints == []
    loaded = {url for url in started.requests if not url.startswith("data:")}
    assert {url.rpartition("/")[2] for url in loaded} == {"report.html"}
    started.requests.clear()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of four images with maps."""
    path = tmp_path_factory.mktemp("maps") / "report.html"
    entries = [
        make_entry(
            name,
            cost,
            flops=100 - cost,
            label="a cat",
            prediction="a cat" if cost < 6 else "a dog",
        )
        for name, cost in zip(NAMES, COSTS, strict=True)
    ]
    write_report(path, entries, **OPTIONS)
    return path


def choose(browser, value):
    browser.evaluate(
        f"(s => {{ s.value = {value!r}; s.dispatchEvent(new Event('change')) }})"
        "(document.querySelector('#sort'))"
    )


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("-cost", BY_COST[::-1]),
        ("flops", BY_COST[::-1]),
        ("-flops", BY_COST),
        ("name", ["<i>&amp;\"'", "cat", "zebra 9", "zebra 10"]),
    ],
)
def test_sorting_orders_the_images(browser, report, order, expected):
    browser.open(report)
    assert browser.evaluate(ORDER) == BY_COST
    choose(browser, order)
    assert browser.evaluate(ORDER) == expected
    choose(browser, "cost")
    assert browser.evaluate(ORDER) == BY_COST


def test_words_find_images(browser, report):
    browser.open(report)
    browser.click("#filter")
    for words, expected in {
        "ZEBRA": ["zebra 9", "zebra 10"],
        "10 zeb": ["zebra 10"],
        "dog wrong": ["<i>&amp;\"'"],
        "no such": [],
        "": BY_COST,
    }.items():
        browser.evaluate("document.querySelector('#filter').select()")
        browser.press("Delete", 46)
        browser.send("Input.insertText", text=words)
        assert browser.evaluate(ORDER) == expected
        count = browser.evaluate("document.querySelector('#count').textContent")
        assert count == f"{len(expected)} shown"
        empty = browser.evaluate(
            "document.querySelector('#none').offsetParent !== null"
        )
        assert empty == (not expected)


def test_the_slider_shows_maps_through_all_overlays(browser, report, tmp_path):
    browser.open(report)
    opacities = (
        "[...document.querySelectorAll('.heat')]"
        ".map(heat => getComputedStyle(heat).opacity)"
    )
    # Of the featured images (two at either end), and of all four.
    assert browser.evaluate(opacities) == ["0.6"] * 8
    browser.evaluate("document.querySelector('#strength').focus()")
    browser.press("End", 35)
    assert browser.evaluate(opacities) == ["1"] * 8
    browser.press("ArrowLeft", 37)
    assert set(browser.evaluate(opacities)) == {"0.99"}
    text = browser.evaluate("document.querySelector('#strength-value').textContent")
    assert text == "99 %"


def test_an_overlay_is_the_map_over_the_image(browser, tmp_path):
    """What is seen, not what is said: the colours of the screen."""
    path = tmp_path / "report.html"
    image = np.full((6, 8, 3), 255, np.uint8)
    constant = np.full((6, 8), 2.0)  # The first colour, (68, 1, 84).
    write_report(path, [make_entry(image=image, ponder_cost_map=constant)], **OPTIONS)
    browser.open(path)
    picture = browser.screenshot_of(".entry .picture:nth-child(3)")
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    expected = 0.4 * 255 + 0.6 * np.array([68, 1, 84])
    np.testing.assert_allclose(middle, expected, atol=4)


def test_an_image_opens_and_closes_by_mouse(browser, report):
    browser.open(report)
    assert not browser.evaluate(IS_OPEN)
    browser.click("#entry-3 .pictures")  # The whole card opens it.
    assert browser.evaluate(IS_OPEN)
    assert browser.evaluate(NAME) == "cat"
    maps = "[...document.querySelectorAll('dialog figure svg[role=img].picture')]"
    labels = browser.evaluate(f"{maps}.map(map => map.getAttribute('aria-label'))")
    assert [label.split(":")[0] for label in labels] == [
        "map of block_1",
        "map of block_2",
    ]
    assert browser.evaluate(f"{maps}.every(map => map.clientHeight > 50)")
    browser.click("#next")
    assert browser.evaluate(NAME) == "zebra 10"
    browser.click("#close")
    assert not browser.evaluate(IS_OPEN)
    browser.click("[data-opens=entry-2]")
    assert browser.evaluate(NAME) == "<i>&amp;\"'"
    assert browser.evaluate("document.querySelector('#next').disabled")


def test_an_image_opens_and_closes_by_keyboard(browser, report):
    browser.open(report)
    browser.evaluate("document.querySelector('#strength').focus()")
    browser.press("Tab", 9)
    assert browser.evaluate(FOCUSED) == "zebra 9"
    browser.press("Enter", 13, "\r")
    assert browser.evaluate(IS_OPEN)
    assert browser.evaluate(FOCUSED) == "Close"
    for key, code, name in (
        ("ArrowRight", 39, "cat"),
        ("ArrowRight", 39, "zebra 10"),
        ("ArrowLeft", 37, "cat"),
        ("ArrowLeft", 37, "zebra 9"),
        ("ArrowLeft", 37, "zebra 9"),
    ):
        browser.press(key, code)
        assert browser.evaluate(NAME) == name
    browser.press("Escape", 27)
    assert not browser.evaluate(IS_OPEN)
    assert browser.evaluate(FOCUSED) == "zebra 9"


def test_the_histogram_tells_its_numbers(browser, report):
    browser.open(report)
    text = "document.querySelector('#bar').textContent"
    summary = browser.evaluate(text)
    assert "of 4 images" in summary
    browser.hover(".histogram .column")
    assert browser.evaluate(text) == "3: 1 image"
    browser.hover("h1")
    assert browser.evaluate(text) == summary


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1400])
def test_the_page_fits_its_window(browser, report, width, dark):
    browser.open(report, width=width, dark=dark)
    wider = "document.documentElement.scrollWidth > innerWidth"
    assert not browser.evaluate(wider)
    browser.click("#entry-3 .pictures")
    assert not browser.evaluate(wider)
    box = browser.evaluate(
        "(b => [b.left, b.right])(document.querySelector('dialog')"
        ".getBoundingClientRect())"
    )
    assert 0 <= box[0] < box[1] <= width
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light == "rgb(255, 255, 255)") == (not dark)


def names_by_role(browser):
    """What a screen reader says of all that acts or is a picture."""
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    names = {}
    for node in nodes:
        if not node["ignored"]:
            role = node["role"]["value"]
            names.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    acting = ("button", "combobox", "searchbox", "slider", "image", "img", "dialog")
    return {role: names[role] for role in acting if role in names}


def test_everything_that_acts_or_shows_has_a_name(browser, report):
    browser.open(report)
    browser.send("Accessibility.enable")
    names = names_by_role(browser)
    assert names["combobox"] == ["Sort by"]
    assert names["searchbox"] == ["Find"]
    assert [name.split()[0] for name in names["slider"]] == ["Overlay"]
    assert set(BY_COST) < set(names["button"])
    assert all(name.strip() for texts in names.values() for name in texts)
    browser.click("#entry-3 .pictures")
    names = names_by_role(browser)
    assert names["dialog"] == ["cat"]
    assert names["button"] == ["Previous", "Next", "Close"]
    assert "cat under its map" in names.get("image", []) + names.get("img", [])
    assert all(name.strip() for texts in names.values() for name in texts)


def test_nothing_moves_while_the_page_loads(browser, report):
    browser.open(report)
    shifts = browser.evaluate(
        "new Promise(done => { new PerformanceObserver(list => done("
        "list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))"
        ".observe({type: 'layout-shift', buffered: true});"
        "setTimeout(() => done(0), 300) })"
    )
    assert shifts == 0


def test_units_are_shown_where_whole_images_are_decided_about(browser, tmp_path):
    path = tmp_path / "report.html"
    entries = [
        make_entry(str(number), spatial=False, block_maps={}) for number in range(4)
    ]
    write_report(path, entries, **OPTIONS)
    browser.open(path)
    assert len(browser.evaluate(ORDER)) == 4
    browser.click("#entry-1 .pictures")
    assert browser.evaluate("document.querySelectorAll('dialog .strip li').length") == 2
    assert browser.evaluate(
        "document.querySelector('dialog .strip svg').clientHeight > 5"
    )


def test_two_hundred_images_open_at_once(browser, tmp_path):
    path = tmp_path / "report.html"
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    entry = make_entry(image=noise, ponder_cost_map=np.full((240, 320), 3.0))
    write_report(path, [entry] * 200, **OPTIONS)
    browser.open(path)
    milliseconds = browser.evaluate(
        "performance.getEntriesByType('navigation')[0].loadEventEnd"
    )
    assert len(browser.evaluate(ORDER)) == 200
    assert milliseconds < 15_000  # Half a second on an idle machine.
