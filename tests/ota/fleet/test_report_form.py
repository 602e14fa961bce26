"""The form of a report: what is out of its bounds is refused, what is new is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest

from ota.fleet.errors import RefusalError
from ota.fleet.reports.report import parse_report
from tests.stand_ins.fleet_unit import FleetUnit

UNIT = FleetUnit(Path("/nonexistent"), "field-7", post=lambda *_: (500, b""))
REPORT = {**UNIT.describe(), "key": "a" * 64, "number": 1, "follows": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"unit": ""},
        {"unit": "x" * 81},
        {"unit": 7},
        {"unit": "field\0-7"},
        {"at": "yesterday"},
        {"at": "2026-04-15T08:00:00"},
        {"energy": None},
        {"energy": {"level": "ECO", "charge_pct": 101}},
        {"energy": {"level": "ECO", "charge_pct": True}},
        {"place": {"latitude_deg": 91, "longitude_deg": 0}},
        {"faults": [{"code": "x"}]},
        {"faults": [{}] * 51},
        {"failed_releases": ["x"] * 51},
        {"follows": "f" * 63},
        {"key": "G" * 64},
        {"number": 0},
        {"number": 2**53 + 1},
        {"expected_at": 5},
        {"reason": 5},
        {"clock_confirmed": "yes"},
    ],
    ids=str,
)
def test_a_report_out_of_bounds_is_refused_with_what_is_wrong(
    changes: dict[str, Any],
) -> None:
    parse_report(json.dumps(REPORT).encode())
    with pytest.raises(RefusalError) as caught:
        parse_report(json.dumps({**REPORT, **changes}).encode())
    assert (caught.value.reason_code, caught.value.status) == ("report-invalid", 400)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff", b"[" * 5000, b'{"a": NaN}']
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(RefusalError, match="this is no report of a unit"):
        parse_report(data)


def test_odd_words_of_a_fault_are_cut_and_not_refused() -> None:
    fault = {"code": "x", "source": "y", "since": "2026-04-15T07:00:00Z"}
    long, odd = "word " * 1000, "a\0b"
    faults = [{**fault, "text": long}, {**fault, "text": odd}]
    report = parse_report(json.dumps({**REPORT, "reason": long, "faults": faults}).encode())
    assert report.reason.endswith("more characters]")
    assert [len(one.text) < 2100 for one in report.faults] == [True, True]
    assert report.faults[1].text == "a?b"
