"""The unit's own authority and certificate: for whom, how long, when anew."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509

from appliance.proxy.authority import Authority, find_reason_for_new, make_authority
from appliance.proxy.issued import RENEWED, find_renewal_reason, is_issued_by, issue
from appliance.proxy.names import Names
from appliance.store.trusted_time import FIRST_TIME

NAMES = Names(("barn", "barn.local"), (IPv4Address("10.0.0.17"),))
MORE = Names(("barn", "barn.local"), (IPv4Address("10.0.0.17"), IPv4Address("10.0.0.99")))
NOW = datetime(2027, 6, 1, tzinfo=UTC)
BEFORE_ALL = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority("barn", NAMES)


def find_reason(
    authority: Authority, made_at: datetime, now: datetime, names: Names = NAMES
) -> str:
    certificate = issue(authority, "barn", NAMES, made_at).certificate
    return find_renewal_reason(certificate, authority.certificate, names, now)


def test_a_certificate_stays_until_two_months_before_its_end(authority: Authority) -> None:
    ends = issue(authority, "barn", NAMES, NOW).certificate.not_valid_after_utc
    assert find_reason(authority, NOW, NOW) == ""
    assert find_reason(authority, NOW, ends - RENEWED - timedelta(minutes=1)) == ""
    assert "it ends on" in find_reason(authority, NOW, ends - RENEWED + timedelta(minutes=1))


def test_no_browser_finds_it_too_long_or_too_young(authority: Authority) -> None:
    made = issue(authority, "barn", NAMES, NOW).certificate
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(days=398)
    assert made.not_valid_before_utc <= NOW - timedelta(hours=12)


def test_an_address_that_is_new_is_a_reason_and_one_that_is_gone_is_none(
    authority: Authority,
) -> None:
    assert find_reason(authority, NOW, NOW, MORE) == "it is not for 10.0.0.99"
    assert find_reason(authority, NOW, NOW, Names(NAMES.hosts, ())) == ""


@pytest.mark.parametrize("names", [NAMES, MORE])
def test_with_a_clock_of_1970_the_old_one_stays(authority: Authority, names: Names) -> None:
    assert find_reason(authority, NOW, BEFORE_ALL, names) == ""


def test_what_is_made_with_a_clock_of_1970_is_valid_now_and_replaced_when_the_clock_is_set(
    authority: Authority,
) -> None:
    made = issue(authority, "barn", NAMES, BEFORE_ALL).certificate
    assert made.not_valid_before_utc == FIRST_TIME
    assert made.not_valid_after_utc > NOW
    assert find_reason(authority, BEFORE_ALL, BEFORE_ALL) == ""
    assert "clock was not set" in find_reason(authority, BEFORE_ALL, NOW)


def test_what_was_made_with_a_clock_ahead_is_replaced_when_the_clock_is_right(
    authority: Authority,
) -> None:
    ahead = NOW + timedelta(days=4000)
    assert "clock was ahead" in find_reason(authority, ahead, NOW)


def test_the_authority_is_valid_whatever_the_clock_shows(authority: Authority) -> None:
    assert authority.certificate.not_valid_before_utc == FIRST_TIME
    assert authority.certificate.not_valid_after_utc.year > 2060


def test_a_certificate_of_another_authority_is_made_anew(authority: Authority) -> None:
    made = issue(make_authority("barn", NAMES), "barn", NAMES, NOW).certificate
    assert not is_issued_by(made, authority.certificate)
    assert "new authority" in find_renewal_reason(made, authority.certificate, NAMES, NOW)


def test_the_authority_is_limited_to_the_units_names_and_private_networks(
    authority: Authority,
) -> None:
    found = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    permitted = [str(one.value) for one in found.value.permitted_subtrees or ()]
    assert permitted[:2] == ["barn", "barn.local"]
    assert "10.0.0.0/8" in permitted
    basic = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)


def test_a_new_address_in_a_private_network_needs_no_new_authority(authority: Authority) -> None:
    assert find_reason_for_new(authority.certificate, MORE) == ""
    below = Names(("barn", "a.barn.local"), ())
    assert find_reason_for_new(authority.certificate, below) == ""


def test_a_name_that_it_does_not_permit_needs_a_new_one(authority: Authority) -> None:
    other = Names(("barn", "bank.example"), (IPv4Address("8.8.8.8"),))
    reason = find_reason_for_new(authority.certificate, other)
    assert reason == "it does not permit bank.example, 8.8.8.8"
    assert find_reason_for_new(make_authority("barn", other).certificate, other) == ""


def test_a_unit_with_a_long_name_gets_one_too() -> None:
    made = make_authority("b" * 200, NAMES)
    assert is_issued_by(issue(made, "b" * 200, NAMES, NOW).certificate, made.certificate)
