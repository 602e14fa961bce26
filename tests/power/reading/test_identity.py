"""Who answers: every pair of models that could be taken for each other, by day and by night."""

from collections.abc import Iterator
from typing import Any

import pytest

from appliance.errors import BusError
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.devices.prostar import ProstarMppt
from power.devices.renogy import RenogyRover
from power.devices.tristar import TristarMppt
from power.protocol.errors import NoAnswer, WrongFrame
from power.protocol.links import MODBUS, YDT1363
from power.protocol.profile import Profile
from power.reading.identity import ForeignDevice, UnknownDevice, are_variants
from power.reading.meter import Meter
from power.reading.meters import Device, Meters
from provisioning.simulated.devices.models import SIMULATORS
from provisioning.simulated.devices.prostar import SimulatedProstar
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_checking_meter, make_night, make_sunny_noon


def get_family(profile: Profile) -> str:
    """Models of one family have frames of one kind."""
    for family in (MODBUS, YDT1363):
        if profile.protocol in family:
            return family[0]
    return profile.protocol


def list_pairs() -> Iterator[tuple[Profile, Profile]]:
    for named in MODELS:
        for present in MODELS:
            if get_family(named) == get_family(present):
                yield named, present


def make_at_id_of(present: Profile, named: Profile, when: Any) -> Any:
    """The simulated device at the id at which the named model is asked."""
    device = SIMULATORS[present.name](when(), (), None, 1.0)
    if not hasattr(device, "device_id"):
        return device
    return SIMULATORS[present.name](when(), (), named.device_id, 1.0)


def find_foreigner(named: Profile, device: Any) -> Profile | None:
    """What the first poll says; None: the device is taken for the named one."""
    try:
        make_checking_meter(named, device, MODELS).read()
    except ForeignDevice as error:
        return error.found
    except (NoAnswer, WrongFrame):
        return named  # it is silent at that id, or answers under another: no value is told either
    return None


def may_be_both(named: Profile, present: Profile) -> bool:
    """SunSpec devices are often charger and battery in one, and so is the simulated one."""
    return named.protocol == present.protocol == "SunSpec"


@pytest.mark.parametrize("when", [make_sunny_noon, make_night], ids=["noon", "night"])
@pytest.mark.parametrize(
    ("named", "present"), list(list_pairs()), ids=lambda one: getattr(one, "name", "")
)
def test_another_model_than_the_named_one_is_reported_and_the_named_one_never(
    named: Profile, present: Profile, when: Any
) -> None:
    found = find_foreigner(named, make_at_id_of(present, named, when))
    if are_variants(named, present, MODELS) or may_be_both(named, present):
        assert found is None
    else:
        assert found is not None
        alike = are_variants(found, present, MODELS) or may_be_both(found, present)
        assert alike or found is named


def test_the_fault_names_what_answers_and_the_key_to_set() -> None:
    device = SimulatedProstar(make_sunny_noon())
    meter = make_checking_meter(TristarMppt(), device, MODELS)
    with pytest.raises(ForeignDevice) as caught:
        meter.read()
    text = str(caught.value)
    assert "this answers like a Morningstar ProStar MPPT" in text
    assert 'set `model = "prostar-mppt"`' in text
    assert "its values are unknown" in text


class Swapped:
    """A Modbus device in whose place another one can be put."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self.asked: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.device, name)

    def answer(self, pdu: bytes) -> bytes | None:
        self.asked.append(pdu)
        reply: bytes | None = self.device.answer(pdu) if self.device else None
        return reply


def make_swappable() -> tuple[Meter, Swapped, FakeClock]:
    clock = FakeClock()
    there = Swapped(SimulatedProstar(make_sunny_noon()))
    return make_checking_meter(ProstarMppt(), there, MODELS, clock), there, clock


def count_signatures(there: Swapped) -> int:
    """How often its supplies were asked for, by which it is recognised."""
    return there.asked.count(bytes.fromhex("04 00 00 00 09"))


def test_who_answers_is_checked_at_the_first_contact_and_not_at_each_poll() -> None:
    meter, there, clock = make_swappable()
    for _ in range(5):
        meter.read()
        clock.advance(10)
    assert count_signatures(there) == 1


def test_who_answers_is_checked_again_after_a_loss() -> None:
    meter, there, clock = make_swappable()
    meter.read()
    charger, there.device = (
        there.device,
        SIMULATORS["tristar-mppt"](make_sunny_noon(), ("silence",), None, 1.0),
    )
    clock.advance(10)
    with pytest.raises(NoAnswer):
        meter.read()
    there.device = SIMULATORS["tristar-mppt"](make_sunny_noon(), (), None, 1.0)
    clock.advance(10)
    with pytest.raises(ForeignDevice, match="answers like a Morningstar TriStar"):
        meter.read()
    there.device = charger
    clock.advance(10)
    assert meter.read().battery_voltage_v > 10


class DcDcCharger(Swapped):
    """A Renogy DC-DC charger: the frames and the places of a Rover, another name and meaning."""

    def answer(self, pdu: bytes) -> bytes | None:
        if pdu == bytes.fromhex("03 00 0C 00 08"):
            return bytes.fromhex("03 10") + b"  RBC50D1S-G1".ljust(16)
        return super().answer(pdu)


def make_rover() -> Any:
    return SIMULATORS["renogy-rover"](make_sunny_noon(), (), None, 1.0)


def test_a_device_that_names_itself_and_is_of_no_known_model_is_not_read() -> None:
    meter = make_checking_meter(RenogyRover(), DcDcCharger(make_rover()), MODELS)
    with pytest.raises(UnknownDevice, match="names itself RBC50D1S-G1 and is no Renogy Rover"):
        meter.read()


def read_often(meter: Meter, clock: FakeClock, polls: int, every_s: int) -> None:
    for _ in range(polls):
        clock.advance(every_s)
        meter.read()


@pytest.mark.parametrize(("polls", "every_s"), [(1, 61), (361, 10)])
def test_a_device_that_is_exchanged_between_two_polls_is_noticed(polls: int, every_s: int) -> None:
    """Without a lost reply: the unit slept, or the new one was there within seconds."""
    clock, rover = FakeClock(), make_rover()
    there = Swapped(rover)
    meter = make_checking_meter(RenogyRover(), there, MODELS, clock)
    meter.read()
    there.device = DcDcCharger(rover)
    with pytest.raises(UnknownDevice):
        read_often(meter, clock, polls, every_s)
    there.device = rover
    clock.advance(10)
    assert meter.read().battery_voltage_v > 10


def test_a_device_that_cannot_prove_itself_is_not_asked_again() -> None:
    clock, there = FakeClock(), Swapped(SIMULATORS["epever-tracer"](make_night(), (), None, 1.0))
    meter = make_checking_meter(EpeverTracer(), there, MODELS, clock)
    meter.read()
    before = set(there.asked)
    for _ in range(3):
        clock.advance(3600)
        there.asked.clear()
        meter.read()
        assert set(there.asked) <= before
        assert len(there.asked) <= 9  # five live blocks, four of settings


def test_a_silent_device_is_not_asked_for_every_model() -> None:
    device = SimulatedProstar(make_sunny_noon(), ("silence",))
    there = Swapped(device)
    with pytest.raises(BusError):
        make_checking_meter(ProstarMppt(), there, MODELS).read()
    assert len(there.asked) == 2, "the request and its repetition"


def test_two_devices_that_changed_places_are_named_to_each_other() -> None:
    tristar = make_checking_meter(TristarMppt(), SimulatedProstar(make_sunny_noon()), MODELS)
    simulated = SIMULATORS["tristar-mppt"](make_sunny_noon(), (), None, 1.0)
    prostar = make_checking_meter(ProstarMppt(), simulated, MODELS)
    found = [Device("charger", "roof", tristar), Device("charger", "mast", prostar)]
    roof, mast = Meters(found, FakeClock()).read().faults
    hint = "it is the model of [charger.{}]: have two adapters changed places?"
    assert hint.format("mast") in str(roof)
    assert hint.format("roof") in str(mast)


def test_a_wrong_model_whose_place_is_taken_is_no_swap() -> None:
    tristar = make_checking_meter(TristarMppt(), SimulatedProstar(make_sunny_noon()), MODELS)
    prostar = make_checking_meter(ProstarMppt(), SimulatedProstar(make_sunny_noon()), MODELS)
    found = [Device("charger", "roof", tristar), Device("charger", "mast", prostar)]
    (fault,) = Meters(found, FakeClock()).read().faults
    assert "changed places" not in str(fault)
