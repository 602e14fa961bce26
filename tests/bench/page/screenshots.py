"""`make screenshots`: the pictures of the page in the docs, taken of the unit of a `make run`.

Beside a `make run` in the same directory, at a time of day that shows something (its noon). A
picture is whatever the page shows then; nothing is drawn into it.
"""

import argparse
from dataclasses import dataclass

from playwright.sync_api import Browser

from tests.bench.report import ROOT
from tests.stand_ins.playwright_browser import READY, SIZES, Scheme, open_browser

SETTLE_MS = 3000  # charts and pictures that are requested after the first answer


@dataclass(frozen=True, slots=True)
class Screenshot:
    """One file of docs/."""

    name: str
    path: str = "/"
    size: str = "desktop"
    scheme: Scheme = "light"


SCREENSHOTS = (
    Screenshot("page"),
    Screenshot("page-phone", size="phone"),
    Screenshot("page-touchscreen", size="kiosk", scheme="dark"),
    Screenshot("page-energy", path="/energy", size="desktop"),
    Screenshot("page-events", path="/events", size="phone"),
    Screenshot("page-settings", path="/settings?lang=ro", size="phone"),
)


def take(browser: Browser, address: str, wanted: Screenshot) -> None:
    context = browser.new_context(
        viewport=SIZES[wanted.size],
        color_scheme=wanted.scheme,
        locale="en-GB",
        device_scale_factor=1,
    )
    tab = context.new_page()
    tab.goto(f"{address}{wanted.path}")
    tab.wait_for_selector(READY)
    tab.wait_for_timeout(SETTLE_MS)
    tab.screenshot(path=ROOT / f"docs/{wanted.name}.png")
    context.close()
    print(f"docs/{wanted.name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots")
    parser.add_argument("--port", type=int, default=8080, help="of the page of `make run`")
    address = f"http://127.0.0.1:{parser.parse_args().port}"
    with open_browser() as browser:
        for wanted in SCREENSHOTS:
            take(browser, address, wanted)


if __name__ == "__main__":
    main()
