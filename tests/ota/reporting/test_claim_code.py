"""What a technician types or scans: a slip is told on the unit, before anything is sent."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.strict_json import InputError
from ota.errors import UpdateError
from ota.reporting.claim_code import ClaimCode, parse_code

NOW = datetime(2026, 4, 15, 8, tzinfo=UTC)
SERVER = "https://fleet.example.org"
CODE = ClaimCode("nec1-abc_D-3", "box-7", SERVER, NOW, "ab" * 32)


def test_a_code_says_the_same_after_it_was_printed_and_scanned() -> None:
    assert parse_code(CODE.format()) == CODE
    assert parse_code(f" {CODE.format()[:40]}\n{CODE.format()[40:]}\r\n") == CODE


def test_a_bare_token_is_a_code_that_says_nothing_else() -> None:
    assert parse_code(" nec1-abc\n") == ClaimCode("nec1-abc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nec1-",
        "abc",
        "nec1--_",
        "nec1-" + "x" * 80,
        "x" * 700,
        "nec-claim:1?",
        "nec-claim:2?a=b",
    ],
)
def test_what_is_no_code_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_code(text)
    assert len(text) < 6 or text not in str(caught.value)


@pytest.mark.parametrize(
    "more", ["&token=nec1-other", "&other=1", "&serial", "&authority=xyz", "&until=soon"]
)
def test_a_code_that_was_changed_is_refused(more: str) -> None:
    with pytest.raises(InputError):
        parse_code(ClaimCode("nec1-abc").format() + more)


@pytest.mark.parametrize(
    ("serial", "server", "now", "reason"),
    [
        ("box-8", SERVER, NOW, "token-other-serial"),
        ("box-7", "https://other.example.org", NOW, "token-other-server"),
        ("box-7", SERVER, NOW, "token-expired"),
    ],
)
def test_a_code_of_another_box_server_or_time_is_told(
    serial: str, server: str, now: datetime, reason: str
) -> None:
    with pytest.raises(UpdateError) as caught:
        CODE.require_for(serial, server, now)
    assert caught.value.reason_code == reason
    CODE.require_for("box-7", f"{SERVER}/", NOW - timedelta(seconds=1))
    CODE.require_for("box-7", "", NOW - timedelta(seconds=1))
