"""The probe: what it asks and in which order, what it finds, and what it leaves alone.

A pseudo-terminal has no baud rate: that a device answers only to its own serial form is not tested
here. On one, all ways of speaking Modbus are one.
"""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.probe import Probe
from power.probe.ports import find_lasting_name, is_in_use, list_serial_ports
from power.probe.questions import (
    Timeouts,
    compute_longest_s,
    plan_first_round,
    plan_second_round,
    sends_unasked,
)
from power.protocol.errors import ClosedLine, NoAnswer, WrongFrame
from power.protocol.links import LINK_FACTORIES
from power.protocol.profile import Block, Profile
from provisioning.simulated.devices.epever import SimulatedEpever
from tests.power.probe.probe_models import (
    LETTERS,
    SHORT,
    SUNNY_ID,
    UNASKED_LETTERS,
    FewIds,
    Guess,
    Letter,
    SecondGuess,
    SimulatedLetter,
    SimulatedSunny,
    SlowGuess,
    Sunny,
    UnaskedLetter,
    connect,
)
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon

PORT = "/dev/ttyUSB0"


@pytest.fixture(autouse=True)
def _made_up_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LINK_FACTORIES, "Letters", LETTERS)
    monkeypatch.setitem(LINK_FACTORIES, "Spoken letters", UNASKED_LETTERS)


def make_probe(*models: Profile, **arguments: Any) -> Probe:
    return Probe(FakeClock(), models, timeouts=SHORT, **arguments)


def list_names(report: Any) -> list[list[str]]:
    """The models that each found device may be."""
    return [[match.profile.name for match in device.matches] for device in report.devices]


# --- on a pseudo-terminal -------------------------------------------------------------------------


def test_a_simulated_charger_is_found() -> None:
    with connect(SimulatedEpever(make_sunny_noon())) as port:
        report = make_probe(FewIds()).scan(port)
    assert list_names(report) == [["epever-tracer"]]
    (device,) = report.devices
    assert (device.best.device_id, device.best.section, report.trouble) == (1, "charger", "")


def test_two_devices_on_one_bus_are_both_found_also_at_ids_that_are_not_usual() -> None:
    class Neighbour(Sunny):
        ids = (9,)

    with connect(SimulatedEpever(make_sunny_noon()), SimulatedSunny(9)) as port:
        report = make_probe(FewIds(), Neighbour()).scan(port)
    assert list_names(report) == [["epever-tracer"], ["sunny"]]
    assert [one.best.device_id for one in report.devices] == [1, 9]
    assert [one.certain for one in report.devices][1]


def test_a_pack_that_sleeps_through_the_first_request_is_found() -> None:
    sleeper = SimulatedLetter(asleep=1)
    with connect(sleeper) as port:
        report = make_probe(Letter()).scan(port)
    assert list_names(report) == [["letter"]]
    assert report.devices[0].best.section == "bms"
    assert len(sleeper.received) == 2


def test_a_device_that_sends_unasked_is_listened_to_before_anything_is_sent() -> None:
    speaker = SimulatedLetter(sends_unasked=True)
    with connect(speaker) as port:
        report = make_probe(Letter(), UnaskedLetter()).scan(port)
    assert list_names(report) == [["unasked-letter"]]
    assert speaker.received == []


def test_a_silent_port_is_reported_as_silent_and_damage_is_not_a_device() -> None:
    with connect(SimulatedLetter(asleep=99)) as port:
        silent = make_probe(Letter(), UnaskedLetter()).scan(port)
    with connect(SimulatedLetter(reply=b"(!)")) as port:
        damaged = make_probe(Letter()).scan(port)
    assert (silent.devices, silent.unknown_replies, silent.trouble) == ((), (), "")
    assert damaged.devices == ()
    assert "damaged by the test" in damaged.unknown_replies[0]


def test_a_device_that_no_model_explains_is_an_unknown_reply() -> None:
    class Elsewhere(Sunny):
        live = (Block(3, 99, 1),)

    with connect(SimulatedSunny(identity=1)) as port:
        wrong_identity = make_probe(Sunny()).scan(port)
        refusal = make_probe(Elsewhere()).scan(port)
    assert wrong_identity.devices == refusal.devices == ()
    assert "2 bytes that is not theirs, 00 01" in wrong_identity.unknown_replies[0]
    assert "exception 02" in refusal.unknown_replies[0]


def test_a_port_that_is_not_there_is_reported_in_words() -> None:
    report = make_probe(Sunny()).scan("/dev/no-such-port")
    assert "there is no /dev/no-such-port; check the USB cable" in report.trouble
    gateway = make_probe(Sunny()).scan("tcp://127.0.0.1:1")
    assert "nothing accepts a connection at tcp://127.0.0.1:1" in gateway.trouble


@pytest.mark.parametrize("model", [Sunny(), Letter()])
def test_a_port_that_the_power_service_has_is_reported_with_what_to_do(model: Profile) -> None:
    with connect(SimulatedLetter()) as port:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY)
        assert not is_in_use(port)
        fcntl.flock(handle, fcntl.LOCK_EX)  # as pyserial does
        report = make_probe(model).scan(port)
        os.close(handle)
    assert report.devices == ()
    assert "in use by another program" in report.trouble
    assert "systemctl stop appliance-power" in report.trouble


# --- which answer counts, on lines that only write down what they are asked -----------------------


class AnsweringFactory:
    """A wire on which `replies` are given by (model, id); all else is silence, and takes time."""

    def __init__(self, clock: FakeClock, replies: Mapping[tuple[str, int], Any]) -> None:
        self.clock = clock
        self.replies = replies
        self.asked: list[tuple[str, int]] = []
        self.forms: list[Any] = []
        self.took_s = 0.0

    def make_link(
        self, lines: Any, profile: Profile, port: str, device_id: int, form: Any = None
    ) -> Any:
        self.forms.append(form)
        return AskedLink(self, profile, device_id, min(profile.timeout_s, lines._wait_s))


class AskedLink:
    def __init__(
        self, wire: AnsweringFactory, profile: Profile, device_id: int, wait_s: float
    ) -> None:
        self.wire, self.place, self.wait_s = wire, (profile.name, device_id), wait_s

    def read_raw(self, block: Block) -> bytes:
        self.wire.asked.append(self.place)
        reply = self.wire.replies.get(self.place)
        if isinstance(reply, bytes):
            return reply
        self.wire.clock.advance(self.wire.took_s or self.wait_s)
        raise reply or NoAnswer("silence")


def list_asked(
    replies: Mapping[tuple[str, int], Any], *models: Profile, took_s: float = 0.0, port: str = PORT
) -> tuple[Any, list[tuple[str, int]]]:
    """The report of a scan, and what was asked."""
    clock = FakeClock()
    wire = AnsweringFactory(clock, replies)
    wire.took_s = took_s
    probe = Probe(clock, models, {model.protocol: wire for model in models})
    return probe.scan(port), wire.asked


SUNNY_SAYS = SUNNY_ID.to_bytes(2, "big")


def test_models_with_one_signature_are_asked_once_and_the_certain_one_wins() -> None:
    report, asked = list_asked({("guess", 7): SUNNY_SAYS}, Guess(), Sunny())
    assert list_names(report) == [["sunny"]]
    assert report.devices[0].certain
    assert asked == [("guess", 7)]


def test_several_models_that_are_not_certain_are_all_reported() -> None:
    report, _ = list_asked({("guess", 7): b"\0\1"}, Guess(), SecondGuess())
    assert list_names(report) == [["guess", "second-guess"]]
    assert not report.devices[0].certain


def test_what_is_for_certain_charger_and_battery_is_both() -> None:
    class Pack(Letter):
        name = "sunny-pack"
        live, device_id = Sunny.live, Sunny.device_id
        serial, protocol = Sunny.serial, Sunny.protocol
        recognise = Sunny.recognise

    report, _ = list_asked({("sunny", 7): SUNNY_SAYS}, Sunny(), Pack())
    assert list_names(report) == [["sunny"], ["sunny-pack"]]
    assert [device.best.section for device in report.devices] == ["charger", "bms"]
    assert all(device.certain for device in report.devices)


def test_a_certain_model_in_another_line_mode_ends_a_guess() -> None:
    class Elsewhere(SlowGuess):
        device_id = 8

    for guess in (SlowGuess(), Elsewhere()):
        replies = {("slow-guess", guess.device_id): SUNNY_SAYS, ("sunny", 7): SUNNY_SAYS}
        assert list_names(list_asked(replies, guess, Sunny())[0]) == [["sunny"]]


def test_when_one_is_certain_other_line_modes_are_left_alone() -> None:
    class Many(Sunny):
        ids = (7, 8)

    class SlowMany(SlowGuess):
        ids = (8, 9)

    replies = {("sunny", 7): SUNNY_SAYS}
    assert list_asked(replies, Many(), SlowMany())[1] == [("sunny", 7), ("sunny", 8)]
    guessed = list_asked({("guess", 7): b"\0\1"}, Guess(), SlowMany())[1]
    assert guessed == [("guess", 7), ("slow-guess", 7)]  # its other ids are left alone


def test_what_answers_to_any_id_is_no_second_device() -> None:
    class Lone(Sunny):
        ids = (255,)

    replies = {("sunny", 7): SUNNY_SAYS, ("sunny", 255): SUNNY_SAYS}
    report, _ = list_asked(replies, Lone())
    assert [device.best.device_id for device in report.devices] == [7]
    alone = list_asked({("sunny", 255): SUNNY_SAYS}, Lone())[0]
    assert [device.best.device_id for device in alone.devices] == [255]


def test_what_was_answered_is_not_asked_again_and_what_was_lost_is() -> None:
    report, asked = list_asked({("sunny", 7): WrongFrame("noise")}, Sunny())
    assert (asked, report.unknown_replies) == ([("sunny", 7)] * 2, ("noise",))
    assert list_asked({("sunny", 7): b"\0\1"}, Sunny())[1] == [("sunny", 7)]


def test_a_modbus_gateway_is_asked_nothing_but_modbus() -> None:
    _, asked = list_asked({}, Sunny(), Letter(), port="tcp://10.0.0.9:502")
    assert {name for name, _ in asked} == {"sunny"}
    _, asked = list_asked({}, Sunny(), Letter(), port="tcp://10.0.0.9:4001")
    assert {name for name, _ in asked} == {"sunny", "letter"}


def test_a_server_that_hangs_up_on_what_it_does_not_know_is_asked_on() -> None:
    replies = {("letter", 1): ClosedLine("hung up"), ("slow-guess", 7): SUNNY_SAYS}
    models = (EpeverTracer(), Letter(), SlowGuess())
    report, asked = list_asked(replies, *models, port="tcp://10.0.0.9:4001")
    assert (list_names(report), report.trouble) == ([["slow-guess"]], "")
    assert ("letter", 1) in asked
    assert list_asked(replies, *models)[0].trouble == "hung up", "an adapter that was pulled"


def test_other_ids_of_a_tcp_device_are_asked_where_somebody_answered() -> None:
    class Gateway(Sunny):
        tcp_only = True
        ids = (9,)

    url = "tcp://10.0.0.9:502"
    assert ("sunny", 9) not in list_asked({}, Gateway(), port=url)[1]
    assert ("sunny", 9) in list_asked({("sunny", 7): SUNNY_SAYS}, Gateway(), port=url)[1]
    assert list_asked({}, Gateway())[1] == [], "on a serial port"


def test_a_scan_that_takes_too_long_is_stopped_and_reports_it() -> None:
    report, asked = list_asked({}, Sunny(), SlowGuess(), EpeverTracer(), took_s=50.0)
    assert len(asked) == 3
    assert "stopped after 120 s" in report.trouble
    assert report.took_s == pytest.approx(150, abs=1)


# --- the plan for all models that there are -------------------------------------------------------


def test_the_usual_id_of_every_model_is_asked_within_ten_seconds() -> None:
    asked = plan_first_round(MODELS, PORT, Timeouts())
    with_a_port = {model for model in MODELS if not model.tcp_only}
    assert {profile for one in asked for profile in one.profiles} == with_a_port
    gateway = plan_first_round(MODELS, "tcp://10.0.0.9:502", Timeouts())
    assert {model for model in MODELS if model.tcp_only} < {p for q in gateway for p in q.profiles}
    assert compute_longest_s(asked) <= 10
    listened = [one.only_listens for one in asked]
    assert listened == sorted(listened, reverse=True), "listening comes first"


def test_a_silent_port_takes_no_more_than_two_minutes_and_no_more_than_announced() -> None:
    clock = FakeClock()
    link_factories = {model.protocol: AnsweringFactory(clock, {}) for model in MODELS}
    probe = Probe(clock, link_factories=link_factories)
    for port in (PORT, "tcp://10.0.0.9:502", "tcp://10.0.0.9:4001"):
        report = probe.scan(port)
        assert report.took_s <= probe.estimate_longest_s(port) + 0.1 <= 120
        assert report.trouble == ""


def test_only_reads_are_asked_and_never_all_devices_at_once() -> None:
    for one in [
        *plan_first_round(MODELS, PORT, Timeouts()),
        *plan_second_round(MODELS, PORT, Timeouts()),
    ]:
        if one.mode.protocol == "Modbus":
            assert one.block.function in (1, 2, 3, 4), one
            assert one.device_id != 0, one


def test_a_modbus_id_of_0_is_never_asked() -> None:
    class Zero(Sunny):
        device_id = 0
        ids = (0, 3)

    assert list_asked({}, Zero())[1] == [("sunny", 3)] * 2


def test_a_device_with_an_empty_request_sends_unasked() -> None:
    assert sends_unasked(UnaskedLetter())
    assert not sends_unasked(Letter())
    assert not sends_unasked(Sunny())


def test_the_gap_of_a_device_is_kept_from_one_line_mode_to_the_next() -> None:
    class Waited(FakeClock):
        waited_s: list[float] = []

        def wait_media(self, seconds: float, stop: Event) -> bool:
            self.waited_s.append(seconds)
            return super().wait_media(seconds, stop)

    class Patient(Sunny):
        gap_s = 0.5

    clock = Waited()
    wire = AnsweringFactory(clock, {("sunny", 7): b"\0\1"})
    Probe(clock, [Patient()], {"Modbus": wire}).scan(PORT)
    assert clock.waited_s[0] == 0.5


# --- ports ----------------------------------------------------------------------------------------


def test_ports_have_their_lasting_names_and_each_is_there_once(tmp_path: Path) -> None:
    by_path = tmp_path / "serial/by-path"
    by_path.mkdir(parents=True)
    for number in range(3):
        (tmp_path / f"ttyUSB{number}").touch()
    (by_path / "pci-usb-0:1-port0").symlink_to(tmp_path / "ttyUSB1")
    (by_path / "pci-usbv2-0:1-port0").symlink_to(tmp_path / "ttyUSB1")
    (by_path / "pci-usb-0:2-port0").symlink_to(tmp_path / "ttyUSB0")
    assert [Path(port).name for port in list_serial_ports(tmp_path)] == [
        "pci-usb-0:1-port0",
        "pci-usb-0:2-port0",
        "ttyUSB2",
    ]
    assert find_lasting_name(str(tmp_path / "ttyUSB1"), tmp_path) == str(
        by_path / "pci-usb-0:1-port0"
    )
    for kept in (str(tmp_path / "ttyUSB2"), "/dev/appliance/charger", "tcp://10.0.0.9:502"):
        assert find_lasting_name(kept, tmp_path) == kept
    assert list_serial_ports(tmp_path / "nothing") == []
