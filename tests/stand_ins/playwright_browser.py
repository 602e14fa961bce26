"""Debian's Chromium through Playwright, and axe-core in it.

    with open_browser() as browser:
        tab = browser.new_context(viewport=SIZES["phone"]).new_page()
        tab.goto(address)
        assert count_violations(tab) == 0

Playwright's own browsers are not downloaded.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import axe_playwright_python  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

Scheme = Literal["light", "dark"]
PROGRAM = shutil.which("chromium")
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "kiosk": {"width": 800, "height": 480},
    "desktop": {"width": 1280, "height": 800},
}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
READY = "body:not(.waiting)"


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The browser; ended with everything that it started."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def list_violations(tab: Page) -> list[str]:
    """What axe finds on the page, once it is drawn: the rule and the first element."""
    tab.wait_for_selector(READY)
    tab.evaluate(AXE.read_text())
    found = tab.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]


def count_violations(tab: Page) -> int:
    """The number of them; each is printed."""
    found = list_violations(tab)
    for one in found:
        print(f"{tab.url}: {one}")
    return len(found)
