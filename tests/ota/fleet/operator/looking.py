"""How a test looks at the fleet's page and puts its hands on it."""

from typing import Any

from sqlalchemy import func, select

from ota.fleet.database.tables import unit
from tests.ota.fleet.operator.conftest import LargeFleet
from tests.stand_ins.chromium import Browser

# JavaScript: rows of the table, units on the map, names, "1 to 50 of 200", whether a card is open.
ROWS = "document.querySelectorAll('#units tr').length"
DRAWN = "Number(document.getElementById('map').dataset.units)"
NAMES = "[...document.querySelectorAll('#units th')].map((one) => one.textContent)"
WHICH = "document.getElementById('which').textContent"
CODES = {"Escape": 27, "ArrowLeft": 37}
MIDDLE = (  # red, green and blue of the map's middle
    "((map) => [...map.getContext('2d').getImageData(map.width / 2, map.height / 2, 1, 1).data])"
    "(document.getElementById('map'))"
)
OPEN = "document.getElementById('unit').open"


def open_page(browser: Browser, fleet: LargeFleet, question: str = "") -> None:
    """On a desktop, until units and map are there."""
    browser.resize(1280, 800)
    browser.open(f"{fleet.address}/{question}")
    browser.wait_for(f"{ROWS} > 0 && {DRAWN} >= 0")
    browser.wait_for("!document.body.classList.contains('waiting')")


def click(browser: Browser, selector: str) -> None:
    browser.evaluate(f"document.querySelector({selector!r}).click()")


def click_map(browser: Browser) -> None:
    """A real click at its middle."""
    x, y = find_middle(browser)
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, x=x, y=y)


def press(browser: Browser, key: str, text: str = "") -> None:
    told = {"text": text} if text else {"windowsVirtualKeyCode": CODES.get(key, 0)}
    browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, **told)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def count(fleet: LargeFleet, *conditions: Any) -> int:
    with fleet.engine.connect() as connection:
        found = connection.execute(select(func.count()).select_from(unit).where(*conditions))
        return int(found.scalar_one())


def encode(browser: Browser, text: str) -> str:
    found: str = browser.evaluate(f"encodeURIComponent({text!r})")
    return found


def find_middle(browser: Browser) -> tuple[float, float]:
    """Of the map, in the window."""
    box = "document.getElementById('map').getBoundingClientRect()"
    browser.evaluate("document.getElementById('map').scrollIntoView({block: 'center'})")
    left, top, width, height = browser.evaluate(
        f"[{box}.left, {box}.top, {box}.width, {box}.height]"
    )
    return left + width / 2, top + height / 2
