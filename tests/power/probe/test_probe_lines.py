"""The probe: several devices of one kind, other speeds, and RTU through a TCP bridge."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from power.devices import MODELS
from power.devices.pylontech import Pylontech
from power.probe import FoundDevice, Probe
from power.probe.questions import (
    LineMode,
    Timeouts,
    Wanted,
    plan_bus_round,
    plan_second_round,
)
from power.probe.search import Match
from power.probe.sections import name_sections
from power.protocol.line_place import SerialForm
from power.protocol.profile import Identification
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.bridge_line import BridgeLine
from provisioning.simulated.lines.byte_device import RtuDevices
from tests.power.probe.probe_models import SHORT, FewIds, connect
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_night, make_sunny_noon

PORT = "/dev/ttyUSB0"


@contextmanager
def serve_bridge(*devices: Any) -> Iterator[str]:
    stop = Event()
    server = BridgeLine(RtuDevices(devices), "127.0.0.1", 0)
    worker = Thread(target=server.serve, args=(stop,), daemon=True)
    worker.start()
    yield server.url
    stop.set()
    worker.join(5)


@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
def test_once_one_answers_all_ids_of_its_kind_are_tried(when: Any) -> None:
    devices = [SimulatedEpever(when(), (), number) for number in (1, 2, 19)]
    with connect(*devices) as port:
        report = Probe(FakeClock(), [FewIds()], timeouts=SHORT).scan(port)
    assert [one.best.device_id for one in report.devices] == [1, 2, 19]
    assert report.trouble == ""


def test_the_ids_of_a_kind_are_asked_lowest_first_and_for_a_minute_at_most() -> None:
    for model in MODELS:
        asked = plan_bus_round([Wanted(model, 1, model.serial)], Timeouts())
        assert sum(one.wait_s + one.gap_s for one in asked) <= 60
        numbers = [one.device_id for one in asked]
        assert numbers == sorted(numbers)
        assert len(numbers) == len(model.bus_ids) or model.gap_s >= 0.1
        assert 0 not in numbers


def test_a_device_behind_a_bridge_is_found_and_written_with_its_framing() -> None:
    with serve_bridge(SimulatedEpever(make_sunny_noon())) as port:
        report = Probe(FakeClock(), [FewIds()], timeouts=SHORT).scan(port)
    (entry,) = name_sections(report.devices)
    assert f'port = "{port}"\nframing = "rtu"\n' in entry.toml


def list_bauds(name: str) -> set[int]:
    planned = plan_second_round(MODELS, PORT, Timeouts())
    return {
        question.mode.form.baud
        for question in planned
        for profile in question.profiles
        if profile.name == name
    }


def test_the_speeds_that_a_model_can_be_set_to_are_tried() -> None:
    assert list_bauds("pylontech") == {115_200, 9600}
    assert list_bauds("seplos-v2") == {19_200, 9600}
    assert list_bauds("epever-tracer") == {115_200, 9600, 19_200, 57_600}


def test_a_device_at_another_speed_is_written_with_its_baud() -> None:
    way = LineMode("Pylontech", SerialForm(9600))
    match = Match(Pylontech(), way, 2, Identification("US3000", certain=True))
    (entry,) = name_sections([FoundDevice(PORT, (match,))])
    assert entry.toml.endswith(f'port = "{PORT}"\nbaud = 9600\n')
