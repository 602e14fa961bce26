"""What chargers are set to: read from each simulated one, named, and part of the reading."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings, Settings
from power.audit.finding import AuditResult
from power.audit.set_points import audit_set_points
from power.devices import CHARGERS
from power.reading.meters import Device, DeviceMeter, Meters
from power.reading.set_points import find_cell_uvp_v, name_set_points
from provisioning.simulated.devices.models import SIMULATORS
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_meter, make_sunny_noon

READABLE = [
    "epever-tracer",
    "renogy-rover",
    "renogy-rover-no-load",
    "victron-mppt-hex",
    "victron-mppt-load-hex",
]
WITH_LEVELS = ["epever-tracer", "renogy-rover", "victron-mppt-load-hex"]
# 12 and 24 V: 4 and 8 cells of the simulated LFP battery
BATTERIES = {12.0: BatterySettings(), 24.0: BatterySettings(nominal_voltage_v=25.6)}


def read_set_points(name: str, set_up: dict[str, float] | None = None, **site: Any) -> SetPoints:
    """What the simulated device of that model says that it is set to."""
    device = SIMULATORS[name](make_sunny_noon(Settings(**site)), (), None, 1.0)
    device.set_up |= set_up or {}
    meter = make_meter(CHARGERS[name], device)
    meter.read()
    assert meter.set_points is not None
    return meter.set_points


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("system_v", BATTERIES)
def test_set_points_are_of_the_whole_battery(name: str, system_v: float) -> None:
    found = read_set_points(name, battery=BATTERIES[system_v])
    cells = system_v / 3
    assert found.absorption_v == pytest.approx(3.6 * cells, abs=0.11)
    assert found.system_v == system_v
    assert found.compensation_v_per_c == 0
    assert found.equalizes is False
    assert found.charge_from_c == 0
    if found.float_v is not None:  # Renogy's lithium type has none
        assert found.float_v == pytest.approx(3.4 * cells, abs=0.11)
    if name in WITH_LEVELS:
        assert found.lvd_v == pytest.approx(2.9 * cells, abs=0.11)
        assert found.lvr_v == pytest.approx(3.2 * cells, abs=0.11)
        assert found.raises_lvd is False


@pytest.mark.parametrize("value", [0.0, 65535.0, 655.35, -1.0, float("nan"), float("inf")])
def test_what_no_device_can_be_set_to_is_not_known(clock: FakeClock, value: float) -> None:
    """Registers that are empty or not there: no fault, and nothing that guard or estimator use."""
    volts = ("absorption_v", "float_v", "equalize_v", "lvd_v", "lvr_v", "system_v")
    values: dict[str, Any] = dict.fromkeys(volts, value)
    garbage = SetPoints(clock.stamp(), "epever", "epever", equalizes=True, **values)
    named = name_set_points(garbage, "charger main", loads_on_output=True)
    assert named is not None
    assert [getattr(named, name) for name in volts] == [None] * len(volts)
    wrong = [
        one for one in audit_set_points(named, BatterySettings()) if one.result is AuditResult.WRONG
    ]
    assert wrong == []


@pytest.mark.parametrize("name", READABLE)
def test_compensation_is_of_the_whole_battery_and_negative(name: str) -> None:
    """-3 mV per C and cell of 2 V; Victron's number is of the whole battery already."""
    whole = -36.0 if "victron" in name else 3.0
    found = read_set_points(
        name,
        {"temperature_compensation": whole, "battery_type": 2},
        battery=BATTERIES[24.0],
    )
    assert found.compensation_v_per_c == pytest.approx(-0.036)


def test_battery_life_is_told_and_has_no_disconnect_voltage() -> None:
    found = read_set_points("victron-mppt-load-hex", {"load_control": 1})
    assert found.raises_lvd is True
    assert (found.lvd_v, found.lvr_v) == (None, None)


def test_fixed_levels_of_a_victron_follow_its_system_voltage() -> None:
    found = read_set_points("victron-mppt-load-hex", {"load_control": 3}, battery=BATTERIES[24.0])
    assert found.lvd_v == pytest.approx(23.6)
    assert found.lvr_v == pytest.approx(28.0)


def test_a_renogy_that_may_charge_in_frost_says_nothing_of_it() -> None:
    assert read_set_points("renogy-rover", {"special_functions": 0}).charge_from_c is None


def make_meters(clock: FakeClock, *, loads_on_battery: bool = False) -> Meters:
    device = SIMULATORS["epever-tracer"](make_sunny_noon(), (), None, 1.0)
    meter: DeviceMeter = make_meter(CHARGERS["epever-tracer"], device, clock)
    return Meters([Device("charger", "roof", meter, loads_on_battery=loads_on_battery)], clock)


def test_a_poll_has_them_by_the_name_of_the_settings_and_the_reading_the_main_ones(
    clock: FakeClock,
) -> None:
    poll = make_meters(clock).read()
    (found,) = poll.set_points
    assert (found.device, found.loads_on_output) == ("charger roof", True)
    assert poll.reading is not None
    assert poll.reading.absorption_v == found.absorption_v == 14.4
    assert poll.reading.float_v == 13.6
    assert poll.reading.lvd_v == found.lvd_v == 11.6
    assert poll.reading.compensation_v_per_c == 0
    assert "absorption_v" not in poll.reading.quality


def test_a_disconnect_that_turns_nothing_off_is_not_in_the_reading(clock: FakeClock) -> None:
    poll = make_meters(clock, loads_on_battery=True).read()
    assert poll.set_points[0].loads_on_output is False
    assert poll.reading is not None
    assert poll.reading.lvd_v is None


def test_of_two_chargers_the_reading_has_the_highest(clock: FakeClock) -> None:
    one, other = make_meters(clock).devices[0], make_meters(clock).devices[0]
    other.name = "shed"
    other.meter.read()
    meters = Meters([one, other], clock)
    other.meter = LoweredMeter(other.meter)
    reading = meters.read().reading
    assert reading is not None
    assert (reading.absorption_v, reading.lvd_v) == (14.4, 11.8)


class LoweredMeter:
    """A charger that is set lower, but for its disconnect."""

    def __init__(self, meter: DeviceMeter) -> None:
        self._meter = meter
        self.profile, self.health = meter.profile, meter.health
        assert meter.set_points is not None
        self.set_points: SetPoints | None = replace(meter.set_points, absorption_v=14.0, lvd_v=11.8)

    def read(self) -> Any:
        return self._meter.read()


def test_of_several_bmss_the_first_to_disconnect_counts_by_its_own_cells(clock: FakeClock) -> None:
    """Two packs of four cells in series have the UVP of four cells each."""
    one = SetPoints(clock.stamp(), "bms one", "t", cells=4, uvp_v=4 * 2.8)
    other = SetPoints(clock.stamp(), "bms two", "t", cells=4, uvp_v=4 * 3.05)
    charger = SetPoints(clock.stamp(), "charger", "t", lvd_v=11.6)
    assert find_cell_uvp_v([one, charger, other]) == pytest.approx(3.05)
    assert find_cell_uvp_v([charger, replace(one, cells=None)]) is None


def test_a_poll_has_the_protection_of_its_bms(clock: FakeClock) -> None:
    meters = make_meters(clock)
    bms = make_meters(clock).devices[0]
    bms.name = "shed"
    meters.devices = [*meters.devices, bms]
    bms.meter = ProtectedMeter(bms.meter)
    reading = meters.read().reading
    assert reading is not None
    assert reading.cell_uvp_v == pytest.approx(3.05)


class ProtectedMeter:
    """A meter whose device is set to disconnect at 3.05 V of a cell."""

    def __init__(self, meter: DeviceMeter) -> None:
        self._meter = meter
        self.profile, self.health = meter.profile, meter.health
        self.set_points: SetPoints | None = SetPoints(
            FakeClock().stamp(), "bms", "t", cells=4, uvp_v=12.2
        )

    def read(self) -> Any:
        return self._meter.read()
