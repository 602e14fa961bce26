"""All power devices of the unit, polled line beside line and combined to one reading.

Reads: the devices that the settings name. Writes: nothing.
Never: lets a dead device hold up the others, or a half-known sum pass for the whole.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Protocol

from appliance.clock import Clock
from appliance.errors import ApplianceError, BusError, ProgramError
from appliance.model import BatteryReading, PowerReading
from appliance.model_set_points import DeviceState, SetPoints
from appliance.process import settings_checks
from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone
from power import devices
from power.protocol.bus import Lines
from power.protocol.errors import ClosedLine
from power.protocol.line_health import LineHealth
from power.protocol.line_place import LineKind, LinePlace, SerialForm
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import Profile
from power.reading.checks import CheckedPoll, DeviceChecks
from power.reading.combine import Charger, combine
from power.reading.day_yield import DayCounters
from power.reading.device_states import PollCount, make_state
from power.reading.identity import ForeignDevice, IdentityCheck, are_variants
from power.reading.line_form import choose_form
from power.reading.meter import Meter
from power.reading.named_devices import find_errors
from power.reading.set_points import add_set_points, find_cell_uvp_v, name_set_points
from power.reading.side_by_side import SideBySide, poll_in_turn

BACK_OFF_AFTER = 3  # losses in a row
LONGEST_BACK_OFF_S = 60.0
MOST_DOUBLINGS = 6  # 64 s; a device may be silent for years


@dataclass(frozen=True, slots=True)
class Poll:
    """The result of one poll of all devices: the combined reading, each battery, the faults, what
    each device is set to, as far as it gives that, and how each answers. `meters_differ_a`: by how
    much two meters of the battery's current differ in the mean of a day; None: there is one only.
    """

    reading: PowerReading | None
    batteries: tuple[BatteryReading, ...] = ()
    faults: tuple[ApplianceError, ...] = ()
    set_points: tuple[SetPoints, ...] = ()
    meters_differ_a: float | None = None
    devices: tuple[DeviceState, ...] = ()


class DeviceMeter(Protocol):
    """What is needed of power.reading.meter.Meter."""

    profile: Profile
    health: LineHealth
    set_points: SetPoints | None

    def read(self) -> Any:
        """One poll of the device; raises `BusError`."""


@dataclass
class Device:
    """One device of the settings, with its back-off after losses."""

    section: str  # "charger" or "bms"
    name: str
    meter: DeviceMeter
    loads_on_battery: bool = False
    invert_current: bool = False
    line: str = ""
    lost: int = 0
    ask_at_s: float = 0.0
    failure: BusError | None = None
    urgent_from_s: float | None = None
    polled: PollCount = field(default_factory=PollCount)

    @property
    def title(self) -> str:
        return f"{self.section} {self.name}"

    @property
    def set_points(self) -> SetPoints | None:
        """What it is set to, as of its last reading."""
        feeds_loads = getattr(self.meter.profile, "has_load_output", False)
        return name_set_points(
            self.meter.set_points,
            self.title,
            loads_on_output=feeds_loads and not self.loads_on_battery,
        )

    def read(self, now_s: float) -> Any:
        """Its reading; None where it has none. A silent one is polled less and less often."""
        if now_s < self.ask_at_s:
            return None
        try:
            reading = self.meter.read()
        except BusError as error:
            if not isinstance(error, ClosedLine):  # a fault of the line, not of the device
                self.lost += 1
            if self.lost >= BACK_OFF_AFTER and not isinstance(error, ClosedLine):
                wait_s = 2.0 ** min(MOST_DOUBLINGS, self.lost - BACK_OFF_AFTER)
                self.ask_at_s = now_s + min(LONGEST_BACK_OFF_S, wait_s)
            self.failure = attribute_to(error, self)
            self.polled.count(now_s, self.failure)
            return None
        self.lost, self.ask_at_s, self.failure = 0, 0.0, None
        self.polled.count(now_s, None)
        return invert_current(reading) if self.invert_current else reading


@dataclass
class Meters:
    """`read()` never raises: what could not be read is a fault beside what could.

    `open_meters(settings, clock).read().reading`
    """

    devices: Sequence[Device]
    clock: Clock
    checks: DeviceChecks = field(default_factory=DeviceChecks)
    days: DayCounters = field(default_factory=lambda: DayCounters(UTC))
    poll: Callable[[Sequence[Device], Callable[[], float]], list[Any]] = poll_in_turn
    _weakest: str | None = None

    def __post_init__(self) -> None:
        turned = frozenset(device.title for device in self.devices if device.invert_current)
        self.checks.signs.inverted = turned

    def read(self) -> Poll:
        readings = self.poll(self.devices, lambda: self.clock.stamp().uptime_s)
        hint_at_swaps(self.devices)
        chargers, batteries = self._sort(readings)
        faults = [fault for device in self.devices if (fault := self._find_fault(device))]
        checked = self._check(chargers, batteries)
        packs = checked.batteries
        self._weakest = find_weakest(packs)
        whole = combine(
            list(checked.chargers.values()),
            [one for name, one in packs.items() if name not in checked.lost],
            self.clock.age_s,
            discharge_share=checked.discharge_share,
            is_part=bool(checked.lost),
        )
        named_packs = (replace(one, device=name) for name, one in packs.items() if one)
        set_points = tuple(found for one in self.devices if (found := one.set_points))
        whole = whole and replace(whole, cell_uvp_v=find_cell_uvp_v(set_points))
        return Poll(
            whole,
            tuple(named_packs),
            (*faults, *checked.faults),
            set_points,
            checked.meters_differ_a,
            self._list_states(checked),
        )

    def _list_states(self, checked: CheckedPoll) -> tuple[DeviceState, ...]:
        """How each device answers, with what is left of its reading."""
        now = self.clock.stamp()
        chargers = {name: one.reading for name, one in checked.chargers.items()}
        return tuple(
            make_state(
                one.title,
                one.meter.profile.name,
                one.polled,
                (chargers if one.section == "charger" else checked.batteries).get(one.name),
                now,
                error=one.failure,
                waits=now.uptime_s < one.ask_at_s,
                serial_number=getattr(one.meter, "serial_number", None),
            )
            for one in self.devices
        )

    def _check(
        self, chargers: dict[str, Charger], batteries: dict[str, BatteryReading | None]
    ) -> CheckedPoll:
        """The checks; where they fail, the readings as they came: the guard needs the voltage."""
        try:
            return self.checks.check(chargers, batteries, self.clock.stamp().uptime_s)
        except Exception as error:  # noqa: BLE001  (a fault of ours must not keep the guard away)
            fault = ProgramError(
                error,
                code="checks",
                part=say("the checks of the power devices' readings"),
                instead=say("the readings are used without them"),
            )
            return CheckedPoll(chargers, batteries, (fault,))

    def _sort(
        self, readings: Sequence[Any]
    ) -> tuple[dict[str, Charger], dict[str, BatteryReading | None]]:
        """Chargers and batteries by name, each with its reading of this poll."""
        chargers, batteries = {}, {}
        for device, reading in zip(self.devices, readings, strict=True):
            if device.section == "charger":
                counted = self.days.take(device.title, reading)
                taken = counted and add_set_points(counted, device.set_points)
                chargers[device.name] = Charger(
                    device.meter.profile, device.loads_on_battery, taken
                )
            else:
                batteries[device.name] = reading
        return chargers, batteries

    def _find_fault(self, device: Device) -> BusError | None:
        """What is wrong with one device or its line, once its reading is taken."""
        fault = (
            device.failure
            or device.meter.health.find_fault(device.title)
            or self.days.find_fault(device.title)
        )
        return attribute_to(fault, device) if fault else None

    def note_load(self, power_w: float) -> None:
        """What the loads that are ordered on now draw at least: a meter must see it change."""
        self.checks.note_load(power_w, self.clock.stamp().uptime_s)

    def note_source(self, *, runs: bool) -> None:
        """Whether a source beside the sun may charge the battery now."""
        self.checks.note_source(runs=runs)

    def confirm_from(self, uptime_s: float | None) -> None:
        """From then on the pack with the lowest cell is to be measured out of its turn: its voltage
        waits to be confirmed. None: nothing does.
        """
        for device in self.devices:
            is_weakest = device.section == "bms" and device.name == self._weakest
            device.urgent_from_s = uptime_s if is_weakest else None


def find_weakest(packs: Mapping[str, BatteryReading | None]) -> str | None:
    """The pack with the lowest cell; None where no cell is known."""
    cells_v = {
        name: one.lowest_cell_voltage_v
        for name, one in packs.items()
        if one is not None and one.lowest_cell_voltage_v is not None
    }
    return min(cells_v, key=cells_v.__getitem__) if cells_v else None


def invert_current(reading: Any) -> Any:
    """The reading of a charger or a battery with its battery current turned round."""
    name = "battery_current_a" if isinstance(reading, PowerReading) else "current_a"
    amps = getattr(reading, name)
    return reading if amps is None else replace(reading, **{name: -amps})


def hint_at_swaps(devices: Sequence[Device]) -> None:
    """Where a device answers like the model of another that fails too, say that two adapters may
    have changed places.
    """
    for device in devices:
        failure = device.failure
        if not isinstance(failure, ForeignDevice) or failure.is_swap:
            continue
        for other in devices:
            is_like = are_variants(failure.found, other.meter.profile)
            if other is not device and is_like and other.failure is not None:
                failure.name_swap(f"[{other.section}.{other.name}]")


def attribute_to(error: BusError, device: Device) -> BusError:
    """Name the device in the error's code and text: two devices may have a fault at once."""
    if not error.code.endswith(f"-{device.name}"):
        error.code = f"{error.code}-{device.section}-{device.name}"
        text = str(error)
        error.args = (
            text
            if text.startswith(device.title)
            else say("{device}: {text}", device=device.title, text=text),
        )
    return error


def open_meters(settings: Settings, clock: Clock) -> Meters:
    """All devices of the settings; raises `SettingsError` for what named_devices.py finds.

    Lines are opened by the first `read()`, so a missing cable is a fault there.
    """
    settings_checks.refuse(settings, find_errors(settings))
    lines = Lines(clock)
    found = [*list_chargers(settings, lines, clock), *list_packs(settings, lines, clock)]
    days = DayCounters(find_zone(settings.site.timezone))
    return Meters(
        found, clock, days=days, poll=SideBySide(time.monotonic, listen=lines.listen).poll
    )


def list_chargers(settings: Settings, lines: Lines, clock: Clock) -> list[Device]:
    """The charge controllers of the settings."""
    return [
        Device(
            "charger",
            name,
            open_named(lines, devices.find_charger(one.model), one, clock),
            one.loads_on_battery,
            one.invert_current,
            line=one.port,
        )
        for name, one in settings.charger.items()
    ]


def list_packs(settings: Settings, lines: Lines, clock: Clock) -> list[Device]:
    """The batteries of the settings."""
    return [
        Device(
            "bms",
            name,
            open_named(lines, devices.find_battery(one.model), one, clock),
            invert_current=one.invert_current,
            line=one.port,
        )
        for name, one in settings.bms.items()
    ]


def open_named(
    lines: Lines, profile: Profile, one: ChargerSettings | BmsSettings, clock: Clock
) -> Meter:
    """The meter of a device of the settings."""
    form = choose_form(profile, one)
    return open_meter(lines, profile, one.port, one.device_id, clock, form)


def open_meter(
    lines: Lines,
    profile: Profile,
    port: str,
    device_id: int | None,
    clock: Clock,
    form: SerialForm | None = None,
) -> Meter:
    """The meter of one device; its line is opened by the first `read()`."""
    chosen = profile.device_id if device_id is None else device_id
    factory, form = LINK_FACTORIES[profile.protocol], form or profile.serial
    link = factory.make_link(lines, profile, port, chosen, form)
    is_modbus = not isinstance(factory, FramedLinkFactory)
    place = LinePlace(port, form, modbus=is_modbus)
    identity = IdentityCheck(profile, link, clock, list_siblings(profile, place.kind), port)
    health = LineHealth(place.kind, chosen, lambda: lines.count_second_answers(port, chosen))
    return Meter(profile, link, clock, health, identity)


def list_siblings(profile: Profile, kind: LineKind) -> list[Profile]:
    """The other models that could answer in its place on such a line."""
    over_tcp = kind is LineKind.GATEWAY
    return [
        model
        for model in devices.MODELS
        if model.name != profile.name and (over_tcp or not model.tcp_only)
    ]
