"""What the unit sees of its modem, and what it orders: both daemons on a real bus."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model_updates import LinkAct, LinkPhase
from sensors.link.look import LinkLook, LinkTask, LinkTools
from sensors.link.pin import FILE, PinTrial
from tests.stand_ins.link_daemons import LinkDaemons, run_link_daemons
from tests.stand_ins.modem_manager import needs_modem_manager
from tests.stand_ins.private_bus import run_bus

ONLY_LOOK = LinkTask()
FLEET = (("fleet.example.org", 443),)
LOCKED = {"UnlockRequired": ("u", 2)}
WRONG = "raise dbus.exceptions.DBusException('incorrect', name='org.freedesktop.ModemManager1.Error.MobileEquipment.IncorrectPassword')"  # noqa: E501


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[LinkDaemons]:
    with run_link_daemons(tmp_path) as found:
        yield found


def look(
    daemons: LinkDaemons, tmp_path: Path, task: LinkTask = ONLY_LOOK, *, pin: str = ""
) -> LinkLook:
    file = tmp_path / "pin"
    if pin and (not file.exists() or file.read_text() != pin):
        file.write_text(pin)
    trial = PinTrial(file if pin else None, tmp_path)
    return LinkTools(trial, daemons.address, ask=lambda servers: servers[0]).look(task)


@needs_modem_manager
def test_a_connected_modem_says_operator_technology_signal_and_interface(
    daemons: LinkDaemons, tmp_path: Path
) -> None:
    daemons.add_modem()
    daemons.add_device(3, kind=8, state=100, interface="wwan0")
    seen = look(daemons, tmp_path, LinkTask(servers=FLEET))
    assert seen.trouble == ""
    assert seen.phase is LinkPhase.CONNECTED
    modem, network = seen.modem, seen.network
    assert modem is not None
    assert network is not None
    assert (modem.operator, modem.technology, modem.signal_pct) == ("Orange RO", "LTE", 63.0)
    assert (modem.interface, network.interface, network.is_metered) == ("wwan0", "wwan0", True)
    assert (network.connectivity, network.has_other_way) == ("full", False)
    assert (seen.asked, seen.answered) == (True, True)


@needs_modem_manager
@pytest.mark.parametrize(
    ("properties", "phase"),
    [
        ({"State": ("i", -1), "StateFailedReason": ("u", 2)}, LinkPhase.NO_SIM),
        ({"State": ("i", -1), "StateFailedReason": ("u", 1)}, LinkPhase.FAILED),
        ({"State": ("i", 7)}, LinkPhase.SEARCHING),
        ({"State": ("i", 8)}, LinkPhase.REGISTERED),
    ],
)
def test_how_far_the_modem_is(
    daemons: LinkDaemons, tmp_path: Path, properties: dict[str, tuple[str, int]], phase: LinkPhase
) -> None:
    daemons.add_modem(properties=properties)
    assert look(daemons, tmp_path).phase is phase


@needs_modem_manager
def test_a_unit_without_a_modem_says_so_and_an_ethernet_counts_as_another_way(
    daemons: LinkDaemons, tmp_path: Path
) -> None:
    daemons.add_device(1, kind=1, state=100, interface="eth0")
    seen = look(daemons, tmp_path)
    assert (seen.phase, seen.modem) == (LinkPhase.NO_MODEM, None)
    assert seen.network is not None
    assert seen.network.has_other_way


@needs_modem_manager
def test_without_the_daemons_the_package_is_named(tmp_path: Path) -> None:
    with run_bus(tmp_path) as address:
        seen = LinkTools(PinTrial(None, tmp_path), address).look(LinkTask())
    assert seen.phase is LinkPhase.NO_MODEM
    assert "install the package modemmanager" in seen.trouble


def test_without_a_bus_the_state_is_unknown(tmp_path: Path) -> None:
    address = f"unix:path={tmp_path}/none"
    seen = LinkTools(PinTrial(None, tmp_path), address).look(LinkTask())
    assert seen.phase is LinkPhase.UNKNOWN
    assert "the system's bus cannot be reached" in seen.trouble


@needs_modem_manager
def test_the_watchdogs_orders_reach_the_daemons(daemons: LinkDaemons, tmp_path: Path) -> None:
    daemons.add_modem()
    daemons.add_device(3, kind=8, state=100, interface="wwan0")
    assert look(daemons, tmp_path, LinkTask(act=LinkAct.RECONNECT)).trouble == ""
    assert "ActiveConnection/7" in daemons.read_calls("DeactivateConnection")[0]
    assert "Devices/3" in daemons.read_calls("ActivateConnection")[0]
    assert daemons.read_calls("Reset") == []
    look(daemons, tmp_path, LinkTask(act=LinkAct.RESET))
    assert daemons.read_calls("Reset") == ["Reset"]


@needs_modem_manager
def test_the_radio_is_switched_where_it_is_otherwise(daemons: LinkDaemons, tmp_path: Path) -> None:
    daemons.add_modem()
    look(daemons, tmp_path, LinkTask(radio_on=False))
    assert not daemons.read_radio()
    look(daemons, tmp_path, LinkTask(radio_on=True))
    assert daemons.read_radio()


@needs_modem_manager
def test_a_locked_sim_without_a_pin_file_says_what_to_do(
    daemons: LinkDaemons, tmp_path: Path
) -> None:
    daemons.add_modem(state=2, properties=LOCKED)
    seen = look(daemons, tmp_path)
    assert seen.phase is LinkPhase.LOCKED
    assert "write it into a file and name that in [link] pin_file" in seen.trouble


@needs_modem_manager
def test_a_right_pin_is_given_once_and_forgotten(daemons: LinkDaemons, tmp_path: Path) -> None:
    daemons.add_modem(state=2, properties=LOCKED)
    assert look(daemons, tmp_path, pin="1234\n").trouble == ""
    assert len(daemons.read_calls("SendPin")) == 1
    assert not (tmp_path / FILE).exists()


@needs_modem_manager
def test_a_wrong_pin_is_never_given_a_second_time_until_its_file_is_written_anew(
    daemons: LinkDaemons, tmp_path: Path
) -> None:
    daemons.add_modem(state=2, properties=LOCKED, send_pin=WRONG)
    for _ in range(3):
        assert "is not tried again" in look(daemons, tmp_path, pin="1111\n").trouble
    assert len(daemons.read_calls("SendPin")) == 1
    look(daemons, tmp_path, pin="2222\n")
    assert len(daemons.read_calls("SendPin")) == 2
    assert "1111" not in (tmp_path / FILE).read_text()


@needs_modem_manager
def test_the_last_but_one_try_of_a_sim_is_left_to_a_person(
    daemons: LinkDaemons, tmp_path: Path
) -> None:
    few = {**LOCKED, "UnlockRetries": ("a{uu}", {2: 1})}
    daemons.add_modem(state=2, properties=few)
    assert "takes its PIN only 1 times more" in look(daemons, tmp_path, pin="1234\n").trouble
    daemons.set_modem(UnlockRequired=("u", 4))
    assert "asks for its PUK" in look(daemons, tmp_path, pin="1234\n").trouble
    assert daemons.read_calls("SendPin") == []


@needs_modem_manager
def test_a_file_that_holds_no_pin_is_named(daemons: LinkDaemons, tmp_path: Path) -> None:
    daemons.add_modem(state=2, properties=LOCKED)
    assert "holds no PIN: four to eight digits" in look(daemons, tmp_path, pin="hello").trouble
    assert daemons.read_calls("SendPin") == []
