"""A first visit of a browser that knows nothing of the page, as the browser reports it: bytes over
the line, layout shift, largest paint, and from when on it answers a finger.
"""

import shutil

from provisioning.laptop import Laptop
from tests.bench.page.unit import EVENTS, serve_page
from tests.bench.report import OUT, Figure
from tests.stand_ins.chromium import Browser

SIZES = ((390, 844), (800, 480), (1280, 800))
# JavaScript: what the browser measures, kept from before the page's first script.
OBSERVE = """
    window.measured = {shift: 0, paint: 0, busy: 0, shown: 0};
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) measured.shift += one.hadRecentInput ? 0 : one.value;
    }).observe({type: "layout-shift", buffered: true});
    new PerformanceObserver((list) => {
        measured.paint = list.getEntries().at(-1).startTime / 1000;
    }).observe({type: "largest-contentful-paint", buffered: true});
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) measured.busy = (one.startTime + one.duration) / 1000;
    }).observe({type: "longtask", buffered: true});
    new MutationObserver(() => {
        const body = document.body;
        if (body && !measured.shown && !body.classList.contains("waiting")) {
            measured.shown = performance.now() / 1000;
        }
    }).observe(document, {subtree: true, childList: true, attributeFilter: ["class"]});
"""
BYTES = """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, one) => sum + one.transferSize, 0) / 1000"""
LOADED = "[...document.querySelectorAll('.event img')].filter((one) => one.naturalWidth).length"
# Interactive: the page is shown, and the last task of 50 ms and more (a "long task") has ended.
INTERACTIVE = "Math.max(measured.shown, measured.busy)"


def measure_visits(laptop: Laptop) -> list[Figure]:
    """Each screen, a browser of its own."""
    return [figure for width, height in SIZES for figure in measure_visit(laptop, width, height)]


def measure_visit(laptop: Laptop, width: int, height: int) -> list[Figure]:
    """A first visit of a browser that knows nothing of the page; then its events are looked at."""
    profile = OUT / f"page-profile-{width}"
    shutil.rmtree(profile, ignore_errors=True)
    browser = Browser(profile, width, height)
    try:
        with serve_page(laptop) as page:
            browser.call("Page.addScriptToEvaluateOnNewDocument", source=OBSERVE)
            browser.open(f"{page.address}/")
            browser.wait_for(f"document.querySelectorAll('.event').length === {EVENTS}")
            browser.wait_for("document.querySelector('#chart canvas') !== null")
            interactive_s = browser.evaluate(INTERACTIVE)
            first_kb = browser.evaluate(BYTES)
            browser.evaluate("document.getElementById('events').scrollIntoView()")
            browser.wait_for(f"{LOADED} === {EVENTS}")
            visit = f"first visit, {width}x{height}"
            return [
                Figure(f"{visit}, bytes", first_kb, "kB", 200),
                Figure(f"{visit}, with its thumbnails", browser.evaluate(BYTES), "kB"),
                Figure(f"{visit}, interactive", interactive_s, "s", 1.0),
                Figure(f"{visit}, layout shift", browser.evaluate("measured.shift"), "", 0.05),
                Figure(f"{visit}, largest paint", browser.evaluate("measured.paint"), "s"),
            ]
    finally:
        browser.close()
