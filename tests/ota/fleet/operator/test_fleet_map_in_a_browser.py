"""The map of the fleet's page under real hands: mouse, fingers, keys; 10,000 units."""

import pytest

from tests.ota.fleet.operator.conftest import LargeFleet
from tests.ota.fleet.operator.looking import (
    DRAWN,
    MIDDLE,
    NAMES,
    OPEN,
    click,
    click_map,
    find_middle,
    open_page,
    press,
)
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser


def test_a_click_on_the_map_opens_the_card_of_the_unit_there(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large, "?text=orhei-&state=fault")
    one = browser.evaluate(NAMES)[0]
    open_page(browser, large, f"?text={one}")
    browser.wait_for(f"{DRAWN} === 1")
    browser.wait_for(f"{MIDDLE}[0] > {MIDDLE}[1] + 80")  # the colour of a fault
    click_map(browser)
    browser.wait_for(OPEN)
    assert browser.evaluate("document.getElementById('unit-title').textContent") == one
    assert browser.evaluate("location.hash") == f"#unit={one}"
    browser.wait_for("document.querySelectorAll('#unit-faults .fault').length > 0")
    press(browser, "Escape")
    browser.wait_for("location.hash === ''")
    assert browser.evaluate("location.search") == f"?text={one}"


def test_where_several_units_are_the_map_asks_which(browser: Browser, large: LargeFleet) -> None:
    open_page(browser, large)
    here = "document.getElementById('here')"
    browser.evaluate("document.getElementById('map').focus()")
    for _ in range(6):
        press(browser, "-", "-")
    browser.wait_for(f"{DRAWN} > 9000")
    click_map(browser)
    browser.wait_for(f"!{here}.hidden && {here}.textContent.includes('more: look closer')")
    assert browser.evaluate("document.activeElement.closest('#here') !== null")
    click(browser, "#here a")
    browser.wait_for(OPEN)


def test_the_map_is_moved_with_keys(browser: Browser, large: LargeFleet) -> None:
    open_page(browser, large)
    scale = "Number(document.getElementById('map').dataset.scale)"
    browser.evaluate("document.getElementById('map').focus()")
    before = browser.evaluate(scale)
    press(browser, "+", "+")
    browser.wait_for(f"{scale} > {before} * 1.5")
    press(browser, "ArrowLeft")
    press(browser, "0", "0")
    browser.wait_for(f"{scale} === {before}")


def test_the_map_follows_the_theme(browser: Browser, large: LargeFleet) -> None:
    open_page(browser, large)
    corner = (
        "[...document.getElementById('map').getContext('2d').getImageData(2, 2, 1, 1).data]"
        ".slice(0, 3)"
    )
    browser.wait_for(f"Math.min(...{corner}) > 200")
    choose_colours(browser, "Dark")
    browser.wait_for(f"Math.max(...{corner}) < 60")
    choose_colours(browser, "Automatic")


def choose_colours(browser: Browser, word: str) -> None:
    """Press the button until it says so."""
    for _ in range(4):
        click(browser, "#theme")
        if browser.evaluate("document.getElementById('theme-word').textContent") == word:
            return
    raise AssertionError(f"the button never says {word}")


def test_the_map_is_moved_with_mouse_and_fingers_and_a_drag_is_no_click(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    scale = "Number(document.getElementById('map').dataset.scale)"
    before, (x, y) = browser.evaluate(scale), find_middle(browser)
    mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
    browser.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=-240)
    browser.wait_for(f"{scale} > {before} * 1.3")
    closer = browser.evaluate(scale)
    shown = "document.getElementById('map').toDataURL()"
    browser.evaluate(f"window.before = {shown}")
    browser.call("Input.dispatchMouseEvent", type="mousePressed", **mouse)
    for step in (20, 60):
        moved = {**mouse, "x": x - step}
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", **moved)
    browser.call("Input.dispatchMouseEvent", type="mouseReleased", **moved)
    browser.wait_for(f"{shown} !== window.before")
    assert not browser.evaluate(OPEN)
    for kind, apart in (("touchStart", 40), ("touchMove", 80), ("touchMove", 120)):
        fingers = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)
    browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    browser.wait_for(f"{scale} > {closer} * 2")
    assert browser.evaluate("location.hash === '' && document.getElementById('here').hidden")


# A place of each country as degrees east and north, and whether it belongs to it.
BELONGS = (
    ("Romania", 25.0, 46.0, True),
    ("Romania", 25.0, 43.0, False),
    ("Russia", 100.0, 60.0, True),
    ("Russia", -175.0, 66.5, True),
    ("Russia", -100.0, 66.5, False),
    ("Fiji", 178.0, -17.8, True),
    ("Fiji", 0.0, -17.0, False),
    ("Antarctica", 0.0, -80.0, True),
    ("Antarctica", -120.0, -80.0, True),
    ("Antarctica", 90.0, -75.0, True),
    ("Antarctica", 179.0, -84.5, True),
    ("Antarctica", 0.0, -60.0, False),
    ("South Africa", 28.2, -29.5, False),  # Lesotho lies in it
)


def test_countries_are_where_they_are_also_across_the_edge_of_the_world(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    found = browser.evaluate(
        f"""(async () => {{
            const base = document.querySelector('script[type=module]').src;
            const {{ loadOutlines }} = await import(base.replace('fleet.js', 'outlines.js'));
            const {{ worldX, worldY }} = await import(base.replace('fleet.js', 'projection.js'));
            const countries = await loadOutlines();
            const context = new OffscreenCanvas(1, 1).getContext('2d');
            return {[list(one[:3]) for one in BELONGS]}.map(([name, x, y]) => {{
                const {{ path }} = countries.find((one) => one.name === name);
                return context.isPointInPath(path, worldX(x), worldY(y), 'evenodd');
            }});
        }})()"""
    )
    assert found == [belongs for *_, belongs in BELONGS]
