"""The page of a report in a real browser: read without seeing it, without asking anybody else."""

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from provisioning.commissioning.report.contents import make_contents
from provisioning.commissioning.report.html import make_html
from tests.provisioning.commissioning.reports import make_cameras, make_report
from tests.stand_ins.playwright_browser import SIZES, list_violations

pytestmark = pytest.mark.browser

MARKUP = '<img src="https://example.org/x.png" onerror="document.title=1"><b>'
WIDER_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("language", ["en", "ro"])
def test_the_page_can_be_read_without_seeing_it_on_every_screen(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    report = make_report(photographs=make_cameras(2, 1280, 720), who=MARKUP, unit="W" * 10_000)
    path = tmp_path / "report.html"
    path.write_bytes(make_html(make_contents(report, language)))
    for size in SIZES.values():
        context = chromium.new_context(viewport=size)
        tab, asked = context.new_page(), list[str]()
        tab.on("request", partial(note, asked))
        tab.goto(path.as_uri())
        assert list_violations(tab) == []
        assert tab.evaluate("document.documentElement.lang") == language
        assert tab.evaluate(WIDER_PX) <= 0
        assert tab.evaluate("[...document.images].every((one) => one.naturalWidth > 0)")
        assert tab.evaluate("document.scripts.length") == 0
        assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
        context.close()


def note(asked: list[str], one: Request) -> None:
    asked.append(one.url)
