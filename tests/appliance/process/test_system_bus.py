"""The system's bus: what fails on it becomes the caller's error, each kind of its own."""

from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.process.system_bus import Faults, Place, Refusal, open_system_bus
from appliance.wording.sentence import say
from tests.stand_ins.modem_manager import needs_modem_manager
from tests.stand_ins.private_bus import run_bus

BUS = Place("org.freedesktop.DBus", "/org/freedesktop/DBus")
NOBODY = Place("org.example.Nobody", "/")


class RefusedHereError(HostError):
    """What this caller makes of a refusal."""


def refuse(refusal: Refusal) -> RefusedHereError:
    return RefusedHereError(say("{text} {gone}", text=refusal.text, gone=refusal.has_no_service))


FAULTS = Faults(refuse, lambda: HostError(say("silence")), HostError)


@needs_modem_manager
def test_a_call_is_answered_and_properties_come_without_their_types(tmp_path: Path) -> None:
    with run_bus(tmp_path) as address, open_system_bus(FAULTS, address) as bus:
        names = bus.call(BUS, "org.freedesktop.DBus.ListNames")[0]
        assert "org.freedesktop.DBus" in names
        features = bus.read_property(BUS, "org.freedesktop.DBus.Features")
        assert bus.read_properties(BUS, "org.freedesktop.DBus")["Features"] == features


@needs_modem_manager
def test_a_refusal_is_raised_by_its_call_and_the_connection_goes_on(tmp_path: Path) -> None:
    with run_bus(tmp_path) as address, open_system_bus(FAULTS, address) as bus:
        with pytest.raises(RefusedHereError, match="True"):
            bus.call(NOBODY, "org.example.Nobody.Ask")
        with pytest.raises(RefusedHereError, match="False"):
            bus.call(BUS, "org.freedesktop.DBus.NoSuchMethod")
        assert bus.call(BUS, "org.freedesktop.DBus.GetId")[0]


@needs_modem_manager
def test_a_service_that_does_not_answer_in_time_is_its_own_error(tmp_path: Path) -> None:
    with (
        run_bus(tmp_path) as address,
        pytest.raises(HostError, match="silence"),
        open_system_bus(FAULTS, address) as bus,
    ):
        bus.call(BUS, "org.freedesktop.DBus.GetId", wait_s=0.0)


def test_a_bus_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(HostError, match=r"cannot be reached .*systemctl status dbus"),
        open_system_bus(FAULTS, f"unix:path={tmp_path}/none"),
    ):
        pass
