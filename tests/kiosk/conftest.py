"""The journal of the container beside a test that failed."""

from collections.abc import Generator

import pytest

from tests.real_pid1.container import Container

LOOK = (
    ("systemctl", "status", "--no-pager", "appliance-kiosk.service"),
    ("journalctl", "--no-pager", "-n", "100"),
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    booted = getattr(item, "funcargs", {}).get("unit")
    if report.failed and isinstance(booted, Container):
        report.sections += [(words[0], booted.ask(*words)) for words in LOOK]
    return report
