"""Time and place of the modem, against ModemManager's interfaces on a real bus."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioning.commissioning.modem_sense import (
    NOWHERE,
    find_modem_place,
    find_modem_time,
    stop_satellites,
)
from sensors.link.pin import PinTrial
from sensors.link.setting_up import LinkSetUp
from tests.stand_ins.link_daemons import LinkDaemons, run_link_daemons
from tests.stand_ins.modem_manager import needs_modem_manager
from tests.stand_ins.satellites import CELL, make_sources

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[LinkDaemons]:
    with run_link_daemons(tmp_path) as found:
        found.add_modem()
        yield found


@needs_modem_manager
def test_the_time_of_the_network_comes_with_its_offset(daemons: LinkDaemons) -> None:
    daemons.tell_time("2026-12-01T14:00:00+02:00", offset_min=120)

    assert find_modem_time(daemons.address) == NOON
    assert find_modem_place(daemons.address).offset == timedelta(hours=2)


@needs_modem_manager
@pytest.mark.parametrize("text", ["2026-12-01T14:00:00", "", "soon", "2026-13-01T14:00:00Z"])
def test_a_time_without_its_offset_is_none(daemons: LinkDaemons, text: str) -> None:
    daemons.tell_time(text, offset_min=9999)

    assert find_modem_time(daemons.address) is None
    assert find_modem_place(daemons.address).offset is None


@needs_modem_manager
def test_a_place_by_satellites_has_its_accuracy_and_its_time(daemons: LinkDaemons) -> None:
    daemons.add_receiver(make_sources())

    fix = find_modem_place(daemons.address).fix
    assert fix is not None
    assert (fix.latitude_deg, fix.longitude_deg, fix.altitude_m) == (46.5, 25.6, 812.0)
    assert fix.accuracy_m == pytest.approx(6.0)
    assert find_modem_time(daemons.address) == NOON


@needs_modem_manager
@pytest.mark.parametrize(
    "sources", ["", CELL, make_sources(91.0, 25.6), make_sources(0.0, 0.0), "dbus.UInt32(2): 7"]
)
def test_a_cell_of_the_network_is_no_place(daemons: LinkDaemons, sources: str) -> None:
    daemons.add_receiver(sources)

    assert find_modem_place(daemons.address).fix is None


@needs_modem_manager
def test_the_receiver_is_switched_on_and_off_and_other_sources_stay(daemons: LinkDaemons) -> None:
    daemons.add_receiver(make_sources())
    setup = LinkSetUp(PinTrial(None, Path("/nowhere")), daemons.address)

    assert setup.has_idle_receiver()
    setup.begin_positioning()
    assert not setup.has_idle_receiver()
    stop_satellites(daemons.address)

    assert daemons.read_calls("Setup") == ["Setup 7 False", "Setup 1 False"]
    assert setup.has_idle_receiver()


@needs_modem_manager
def test_a_modem_that_has_no_receiver_is_left_alone(daemons: LinkDaemons) -> None:
    setup = LinkSetUp(PinTrial(None, Path("/nowhere")), daemons.address)
    setup.begin_positioning()

    assert not setup.has_idle_receiver()
    assert find_modem_place(daemons.address) == NOWHERE
    assert daemons.read_calls("Setup") == []


def test_a_unit_without_a_bus_knows_neither_time_nor_place(tmp_path: Path) -> None:
    address = f"unix:path={tmp_path}/none"

    assert find_modem_time(address) is None
    assert find_modem_place(address) == NOWHERE
