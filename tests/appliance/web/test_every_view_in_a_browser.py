"""Every view, on every screen and in every language: usable without seeing it (axe-core), not wider
than the screen, without an error, and asking nobody else.
"""

import subprocess

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from appliance.store.store import Store
from appliance.web.views.listed import VIEWS, View
from tests.scenes import filled
from tests.stand_ins.playwright_browser import (
    READY,
    SIZES,
    Scheme,
    list_violations,
)

pytestmark = pytest.mark.browser

WIDER_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """[...document.querySelectorAll(".views span")]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
    .map((one) => one.innerText)"""
SMALL = """[...document.querySelectorAll("button, select, input, nav a, a.tool")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
def address(server: subprocess.Popen[str], power: Store, port: int) -> str:
    """The page of a unit that has been at work for a while."""
    filled.fill(lambda writer: Store(power.path, power.clock, writer))
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ro")])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_can_be_used_without_seeing_it(
    chromium: Browser, address: str, view: View, scheme: Scheme, language: str
) -> None:
    for size in SIZES.values():
        context = chromium.new_context(viewport=size, color_scheme=scheme)
        tab = context.new_page()
        tab.goto(f"{address}{view.path}?lang={language}")
        assert list_violations(tab) == []
        assert tab.evaluate("document.documentElement.lang") == language
        context.close()


@pytest.mark.parametrize("language", ["en", "ro"])
def test_no_word_of_the_navigation_is_cut(chromium: Browser, address: str, language: str) -> None:
    for size in SIZES.values():
        context = chromium.new_context(viewport=size)
        tab = context.new_page()
        tab.goto(f"{address}/?lang={language}")
        tab.wait_for_selector(READY)
        assert tab.evaluate(CUT) == []
        context.close()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_can_be_read_in_full_sunlight(chromium: Browser, address: str, view: View) -> None:
    context = chromium.new_context(viewport=SIZES["phone"])
    context.add_init_script("localStorage.setItem('theme', 'sunlight')")
    tab = context.new_page()
    tab.goto(f"{address}{view.path}")
    assert list_violations(tab) == []
    assert tab.evaluate(WIDER_PX) <= 0
    context.close()


class Watched:
    """What the page asked for, and what went wrong in it; that a picture is gone is no error."""

    def __init__(self, tab: Page) -> None:
        self.asked: list[str] = []
        self.problems: list[str] = []
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.on("pageerror", lambda error: self.problems.append(str(error)))
        tab.on("console", self._hear)
        tab.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if not message.text.startswith("Failed to load resource"):
            self.problems.append(message.text)

    def _see(self, response: Response) -> None:
        gone = response.status == 404 and "/thumbnails/" in response.url
        if response.status >= 400 and response.status != 503 and not gone:
            self.problems.append(f"{response.status} {response.url}")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_fits_each_screen_and_a_finger_and_asks_nobody_else(
    chromium: Browser, address: str, view: View
) -> None:
    for size in SIZES.values():
        context = chromium.new_context(viewport=size)
        tab = context.new_page()
        watched = Watched(tab)
        tab.goto(f"{address}{view.path}")
        tab.wait_for_selector(READY)
        assert tab.evaluate(WIDER_PX) <= 0
        assert tab.evaluate(SMALL) == []
        assert watched.problems == []
        assert [url for url in watched.asked if not url.startswith(address)] == []
        context.close()
