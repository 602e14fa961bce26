"""A charge controller with another serial number is noticed, over restarts, until it is said."""

from collections.abc import Callable
from typing import Any

import pytest

from appliance.clock import SystemClock
from appliance.model_set_points import KNOWN_SERIAL_NUMBER, SERIAL_NUMBER, DeviceState
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.devices.renogy import RenogyRover
from power.devices.victron import VictronMppt
from power.protocol.profile import Profile
from power.reading.serial_numbers import SerialNumbers
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.devices.renogy import SimulatedRover
from provisioning.simulated.devices.victron import SimulatedMppt
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.rig import make_checking_meter, make_sunny_noon

NOW = SystemClock().stamp()


def row(number: str | None, device: str = "charger main") -> DeviceState:
    words = {} if number is None else {SERIAL_NUMBER: number}
    return DeviceState(NOW, device, "victron-mppt", 1, 0, words=words)


def tell(numbers: SerialNumbers) -> list[str]:
    return [str(one) for one in numbers.find_faults()]


def test_the_first_number_is_known_and_the_same_is_no_fault() -> None:
    numbers = SerialNumbers()

    assert numbers.compare([row("HQ1")]) == (row("HQ1"),)
    assert numbers.compare([row("HQ1")]) == (row("HQ1"),)
    assert not tell(numbers)


def test_another_number_is_a_fault_that_names_the_walk_and_outlives_a_restart() -> None:
    numbers = SerialNumbers()
    numbers.compare([row("HQ1")])

    (changed,) = numbers.compare([row("HQ2")])
    after = SerialNumbers()
    after.recall([changed])
    (again,) = after.compare([row("HQ2")])

    assert changed.words == {SERIAL_NUMBER: "HQ2", KNOWN_SERIAL_NUMBER: "HQ1"}
    assert again.words == changed.words
    for text in (*tell(numbers), *tell(after)):
        assert "serial number HQ2 (before: HQ1)" in text
        assert "unitctl provision replaced charger main" in text
    assert after.find_faults()[0].code == "other-charger-main"


def test_the_old_one_that_comes_back_ends_it() -> None:
    numbers = SerialNumbers()
    for number in ("HQ1", "HQ2", "HQ1"):
        (last,) = numbers.compare([row(number)])

    assert last == row("HQ1")
    assert not tell(numbers)


def test_a_silent_one_keeps_what_is_known_of_it() -> None:
    numbers = SerialNumbers()
    numbers.compare([row("HQ1")])

    (silent,) = numbers.compare([row(None)])

    assert silent.words == {KNOWN_SERIAL_NUMBER: "HQ1"}
    assert not tell(numbers)


def test_a_row_that_was_forgotten_makes_the_new_one_the_known_one() -> None:
    numbers = SerialNumbers()
    numbers.recall([])

    numbers.compare([row("HQ2")])

    assert not tell(numbers)


def test_a_battery_is_not_judged_by_the_number_of_its_meter() -> None:
    numbers = SerialNumbers()
    for number in ("HQ1", "HQ2"):
        numbers.compare([row(number, "bms main")])

    assert not tell(numbers)


@pytest.mark.parametrize(
    ("profile", "device", "number"),
    [
        (RenogyRover(), SimulatedRover, "1501FFFF"),
        (VictronMppt(), SimulatedMppt, "HQ2148SIMUL"),
        (EpeverTracer(), SimulatedEpever, None),
    ],
)
def test_the_number_is_read_where_a_device_tells_it(
    profile: Profile, device: Callable[[Plant], Any], number: str | None
) -> None:
    meter = make_checking_meter(profile, device(make_sunny_noon()), MODELS)

    meter.read()

    assert meter.serial_number == number


@pytest.mark.parametrize(
    ("data", "number"),
    [(b"\x15\x01\xff\xff", "1501FFFF"), (b"\0\0\0\0", None), (b"\xff" * 4, None), (b"\x15", None)],
)
def test_renogys_number_is_of_two_registers(data: bytes, number: str | None) -> None:
    assert RenogyRover().find_serial_number(data) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"\r\nPID\t0xA053\r\nSER#\tHQ2148SIMUL\r\nV\t13200", "HQ2148SIMUL"),
        (b"\r\nPID\t0xA053\r\nV\t13200", None),
        (b"\r\nSER#\t\x00\x01\r\n", None),
    ],
)
def test_victrons_number_is_a_label(text: bytes, number: str | None) -> None:
    assert VictronMppt().find_serial_number(text) == number
