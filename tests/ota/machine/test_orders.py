"""Orders of a technician: hostile ones hold updates, and are never an error."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.store.rows import encode_time
from ota.machine.orders import UNREADABLE, Orders, OrdersFile
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, NOON

NAMES = (
    "hold",
    "hold_until",
    "retry",
    "asked_at",
    "stick",
    "technician",
    "present_until",
    "hold_row",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def read(data: bytes) -> Orders:
    files = RecordingFiles()
    files.make_directory(HOME)
    files.write(HOME / "orders.json", data)
    return OrdersFile(files, HOME).read()


def test_orders_are_read_as_they_were_written() -> None:
    files = RecordingFiles()
    files.make_directory(HOME)
    orders = Orders(
        "by anna", encode_time(NOON), ("2",), "now", "/mnt", "anna", encode_time(NOON), 7
    )
    OrdersFile(files, HOME).write(orders)
    assert OrdersFile(files, HOME).read() == orders


@pytest.mark.parametrize(
    "tree",
    [
        {"hold_until": "soon"},
        {"hold_until": "2026-01-01T00:00:00"},
        {"retry": ["x"] * 17},
        {"retry": "2"},
        {"stick": "mnt/usb"},
        {"stick": "/mnt\0"},
        {"stick": "/" + "x" * 2000},
        {"present_until": 7},
    ],
)
def test_orders_that_cannot_be_meant_hold_updates(tree: dict[str, object]) -> None:
    orders = read(json.dumps(tree).encode())
    assert (orders.hold, orders.stick) == (UNREADABLE, "")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"x" * 20_000, b'{"a":1,"a":2}'])
def test_a_damaged_file_holds_updates(data: bytes) -> None:
    assert read(data).hold == UNREADABLE


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_the_file_holds_it_is_read_and_can_be_asked(tree: dict[str, object]) -> None:
    orders = read(json.dumps(tree).encode())
    for now in (datetime.min.replace(tzinfo=UTC), NOON, datetime.max.replace(tzinfo=UTC)):
        orders.find_hold(now)
        orders.has_technician(now)
    assert all(isinstance(one, str) for one in orders.retry)


def test_a_hold_ends_at_its_time_and_one_without_a_time_does_not() -> None:
    until = Orders(hold="by anna", hold_until=encode_time(NOON))
    assert until.find_hold(NOON - timedelta(seconds=1)) == "by anna"
    assert until.find_hold(NOON) == ""
    assert Orders(hold="by anna").find_hold(NOON + timedelta(days=9000)) == "by anna"


def test_a_technician_is_present_until_the_time_that_was_ordered() -> None:
    present = Orders(technician="anna", present_until=encode_time(NOON))
    assert present.has_technician(NOON - timedelta(seconds=1))
    assert not present.has_technician(NOON)
    assert not Orders(technician="anna").has_technician(NOON)
