"""A simulated power device with its driver in front, in this process or on a pseudo-terminal."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, cast

from appliance.clock import Clock
from appliance.sections.cameras import CameraSettings
from appliance.settings import HostSettings, Settings
from power.protocol.bus import ByteLine, Lines
from power.protocol.links import (
    LINK_FACTORIES,
    FramedLink,
    FramedLinkFactory,
    Link,
    ModbusLink,
)
from power.protocol.profile import Profile
from power.protocol.sunspec import SunSpecLink, SunSpecLinkFactory
from power.reading.identity import IdentityCheck
from power.reading.meter import Meter
from power.reading.meters import open_meter
from provisioning.simulated.devices.models import make_byte_device
from provisioning.simulated.lines.loopback import LoopbackBus, LoopbackLine
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)


def make_sunny_noon(settings: Settings | None = None, load_w: float = 25.0) -> Plant:
    """A plant at noon with sun, charge and a load of `load_w`."""
    plant = Plant(settings or Settings(), NOON - timedelta(minutes=30))
    plant.advance(NOON, load_w)
    return plant


def make_night(settings: Settings | None = None, load_w: float = 25.0) -> Plant:
    """A plant at midnight: no sun, discharging."""
    plant = Plant(settings or Settings(), NOON + timedelta(hours=11, minutes=30))
    plant.advance(NOON + timedelta(hours=12), load_w)
    return plant


def make_meter(profile: Profile, device: Any, clock: Clock | None = None) -> Meter:
    """The driver of `profile` in front of a simulated device, without a wire."""
    clock = clock or FakeClock()
    return Meter(profile, make_loopback_link(profile, device, clock), clock)


def make_checking_meter(
    profile: Profile, device: Any, others: Iterable[Profile], clock: Clock | None = None
) -> Meter:
    """The same, which checks who answers."""
    clock = clock or FakeClock()
    link = make_loopback_link(profile, device, clock)
    identity = IdentityCheck(profile, link, clock, [one for one in others if one is not profile])
    return Meter(profile, link, clock, identity=identity)


def make_loopback_link(profile: Profile, device: Any, clock: Clock) -> Link:
    """A link that ends at the device."""
    device_id = getattr(device, "device_id", profile.device_id)
    wire = LINK_FACTORIES[profile.protocol]
    if isinstance(wire, FramedLinkFactory):
        line = cast("ByteLine", LoopbackLine(device))
        return FramedLink(profile, wire.framing, line, device_id)
    if isinstance(wire, SunSpecLinkFactory):
        return SunSpecLink(profile, LoopbackBus(device), device_id, clock)
    return ModbusLink(profile, LoopbackBus(device), device_id)


@contextmanager
def serve_on_line(
    profile: Profile,
    *devices: Any,
    clock: Clock | None = None,
    timeout_s: float | None = None,
    line_clock: Clock | None = None,
    **line_arguments: Any,
) -> Iterator[Meter]:
    """The same on a real pseudo-terminal, the device in a thread of its own.

    `timeout_s` in place of the profile's, where losses are many and only wrong values count.
    `line_clock` for a device that talks by itself: how fast it does.
    `line_arguments` go to `SerialLine`: quirks, seed, damaged_share.
    """
    clock = clock or FakeClock()
    line = SerialLine(make_byte_device(devices, "pty"), line_clock or clock, **line_arguments)
    device_id = getattr(devices[0], "device_id", None)
    with open_on_line(profile, line, clock, timeout_s=timeout_s, device_id=device_id) as meter:
        yield meter


@contextmanager
def open_on_line(
    profile: Profile,
    line: SerialLine,
    clock: Clock,
    *,
    timeout_s: float | None = None,
    device_id: int | None = None,
) -> Iterator[Meter]:
    """A driver on a line that is served while it lasts."""
    if timeout_s is not None:
        profile = shorten_timeout(profile, timeout_s)
    lines = Lines(clock)
    with serve_line(line):
        try:
            yield open_meter(lines, profile, str(line.path), device_id, clock)
        finally:
            lines.close()
    line.close()


def shorten_timeout(profile: Profile, timeout_s: float) -> Profile:
    """The same device with a shorter time-out."""
    changed = type(type(profile).__name__, (type(profile),), {"timeout_s": timeout_s})
    return changed()  # type: ignore[no-any-return]


@contextmanager
def serve_line(line: SerialLine) -> Iterator[None]:
    """Let the line answer while it lasts."""
    stop = Event()
    worker = Thread(target=line.serve, args=(stop,), daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(5)


def make_bare_site(cameras: Iterable[str], may_power_off: bool) -> Settings:
    """A site with nothing but these cameras."""
    return Settings(
        camera={name: CameraSettings() for name in cameras},
        host=HostSettings(may_power_off=may_power_off),
    )
