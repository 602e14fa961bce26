"""The simulated line and its command: what it does to bytes, which devices it takes, whose link."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

import pytest

from appliance.errors import SettingsError
from appliance.settings import BmsSettings, ChargerSettings, Settings
from provisioning.simulated.command import DeviceRequest, parse_command
from provisioning.simulated.devices.jbd import SimulatedJbd
from provisioning.simulated.devices.jk import SimulatedJk
from provisioning.simulated.devices.models import find_full_name, make_byte_device
from provisioning.simulated.devices.renogy import SimulatedRover
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.pdu import build_read
from provisioning.simulated.lines.quirks import ECHO, TWO_BURSTS
from provisioning.simulated.lines.serial_line import FRAME_GAP_S, SerialLine, link_port
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon, serve_line

ASK = build_rtu_frame(1, build_read(3, 0x0100, 1))


@contextmanager
def open_line(*quirks: str) -> Iterator[tuple[int, int]]:
    """A line with a Rover: its end as a file, and how long its reply is."""
    device = RtuDevices([SimulatedRover(make_sunny_noon(), device_id=1)])
    line = SerialLine(device, FakeClock(), quirks=quirks)
    end = os.open(line.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    with serve_line(line):
        yield end, len(device.respond(ASK) or b"")
    os.close(end)
    line.close()


def read_available(end: int, size: int) -> bytes:
    """What arrives, up to `size` bytes."""
    found = b""
    while len(found) < size and select([end], [], [], 1.0)[0]:
        found += os.read(end, size - len(found))
    return found


def test_an_echo_is_the_request_in_front_of_the_reply() -> None:
    with open_line(ECHO) as (end, size):
        os.write(end, ASK)
        found = read_available(end, len(ASK) + size)
    assert found[: len(ASK)] == ASK
    assert found[len(ASK) : len(ASK) + 3] == bytes([1, 3, 2])


def test_two_bursts_have_a_silence_between_them() -> None:
    class Paused(FakeClock):
        def wait_media(self, seconds: float, stop: Any) -> bool:
            waited.append(seconds)
            return super().wait_media(seconds, stop)

    waited: list[float] = []
    for quirks in ((), (TWO_BURSTS,)):
        waited.clear()
        line = SerialLine(
            RtuDevices([SimulatedRover(make_sunny_noon(), device_id=1)]), Paused(), None
        )
        line._quirks = frozenset(quirks)
        end = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        with serve_line(line):
            os.write(end, ASK)
            assert len(read_available(end, 7)) == 7
        assert bool(waited) is bool(quirks)
        os.close(end)
        line.close()


def test_a_request_that_was_not_ended_is_forgotten_after_a_silence() -> None:
    with open_line() as (end, size):
        os.write(end, ASK[:5])
        assert not select([end], [], [], 3 * FRAME_GAP_S)[0]
        os.write(end, ASK)
        assert len(read_available(end, size)) == size


def test_a_link_that_somebody_else_made_meanwhile_is_left(tmp_path: Path) -> None:
    link = tmp_path / "charger"
    with link_port(tmp_path / "ours", link):
        link.unlink()
        link.symlink_to(tmp_path / "theirs")
    assert link.readlink() == tmp_path / "theirs"
    with link_port(tmp_path / "ours", tmp_path / "own") as own:
        assert own.is_symlink()
    assert not own.is_symlink()


@pytest.mark.parametrize(
    ("typed", "model"), [("epever", "epever-tracer"), ("jbd", "jbd"), ("daly", "daly")]
)
def test_a_model_is_named_by_how_it_begins(typed: str, model: str) -> None:
    assert find_full_name(typed) == model


@pytest.mark.parametrize("typed", ["victron", "dalx", ""])
def test_a_beginning_of_several_or_none_is_a_mistake(typed: str) -> None:
    with pytest.raises(SettingsError, match="there is no simulator of"):
        find_full_name(typed)


def test_only_modbus_devices_share_a_line() -> None:
    plant = make_sunny_noon()
    jbd, packs = SimulatedJbd(plant), [SimulatedJk(plant, device_id=one) for one in (1, 2)]
    assert isinstance(make_byte_device(packs, "x"), RtuDevices)
    assert make_byte_device([jbd], "x") is jbd
    for devices in ([jbd, *packs], [jbd, SimulatedJbd(plant)]):
        with pytest.raises(SettingsError, match="only Modbus devices can share a line"):
            make_byte_device(devices, "x")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("jbd --link a --link b", "more places"),
        ("jbd --quirk nonsense", "'nonsense' is no quirk"),
        ("jbd --tcp 502", "HOST:PORT"),
        ("nothing", "no simulator of 'nothing'"),
    ],
)
def test_what_cannot_be_simulated_is_reported_before_anything_starts(
    typed: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_command(typed.split())
    assert text in capsys.readouterr().err


def test_without_a_device_those_of_the_settings_are_simulated_at_their_ids() -> None:
    charger = {"main": ChargerSettings(model="renogy-rover", port="/dev/x", device_id=17)}
    packs = {"pack": BmsSettings(model="jbd", port="/dev/y")}
    settings = Settings(charger=charger, bms=packs)
    assert parse_command([]).list_requests(settings) == (
        DeviceRequest("renogy-rover", "/dev/x", 17),
        DeviceRequest("jbd", "/dev/y", None),
    )
    one = parse_command(["jbd", "--id", "3", "--link", "z"])
    assert one.list_requests(settings) == (DeviceRequest("jbd", "z", 3),)
