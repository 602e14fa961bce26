"""Checks the sections of power devices: models, ports, ids, what shares a line, and how late loads
would stop. Pure, but that links among the ports' names are followed.

In: the settings. Out: findings; the power service refuses to start with the errors among them.
Never: opens a port.
"""

from collections.abc import Iterator

from appliance.clock import SystemClock
from appliance.errors import SettingsError
from appliance.process.settings_checks import SettingsFinding
from appliance.settings import Settings
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from power.audit.battery_settings import find_doubtful
from power.guard.poll_rate import PROMISED_S, estimate_stop_s
from power.probe.ports import KERNEL_NAME, find_lasting_name
from power.protocol.ports import TCP
from power.reading.line_times import DeviceTime, estimate_times
from power.reading.meters import open_meters
from power.reading.named_devices import MODBUS, NamedDevice, find_errors, list_devices

MOST_OFF_EQUATOR_DEG = 120.0  # within 60 degrees of the pole's direction
LEAST_TILT_DEG = 10.0  # flatter panels get nearly the same in every direction
TROPIC_DEG = 15.0  # nearer to the equator the sun is in the pole's half of the sky for months


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """All findings, for `unitctl settings --check` and `unitctl doctor`."""
    errors = find_errors(settings)
    yield from errors
    if not errors:
        yield from find_what_the_service_refuses(settings)
        yield from find_late_stops(settings)
    yield from find_passing_ports(settings)
    yield from find_idle_line_settings(settings)
    yield from find_poleward_panels(settings)
    yield from find_doubtful(settings)


def find_what_the_service_refuses(settings: Settings) -> Iterator[SettingsFinding]:
    """What opening the meters raises; nothing is opened before their first reading."""
    try:
        open_meters(settings, SystemClock())
    except SettingsError as error:
        yield SettingsFinding(("charger",), say("cannot be used: {error}", error=error))


def find_passing_ports(settings: Settings) -> Iterator[SettingsFinding]:
    """Ports by the name that the kernel gives in the order of plugging in."""
    sections = [("charger", name, one.port) for name, one in settings.charger.items()]
    sections += [("bms", name, one.port) for name, one in settings.bms.items()]
    for section, name, port in sections:
        if not port.startswith(TCP) and KERNEL_NAME.fullmatch(port.rpartition("/")[2]):
            lasting = find_lasting_name(port)
            better = lasting if lasting != port else say("its name in /dev/serial/by-path")
            yield SettingsFinding(
                (section, name, "port"),
                say(
                    "is {port}, which may be another adapter after a restart: use {better}",
                    port=port,
                    better=better,
                ),
                is_warning=True,
            )


def find_late_stops(settings: Settings) -> Iterator[SettingsFinding]:
    """Where loads would stop later than the guard promises, though all devices answer."""
    times = estimate_times(settings)
    first = min(times, key=estimate_fall_s)
    if estimate_fall_s(first) > PROMISED_S:
        text = say(
            "{wait}, and nothing else measures the battery sooner: its loads stop",
            wait=format_wait(first),
        )
        yield warn_of_late_stop(first, text, estimate_fall_s(first), say("it has fallen"))
        return
    for time in {one.device.place: one for one in reversed(times) if is_pack(one)}.values():
        if (stop_s := estimate_cell_s(time)) > PROMISED_S:
            text = say("{wait}: loads stop", wait=format_wait(time))
            yield warn_of_late_stop(time, text, stop_s, say("a single cell has become weak"))


def format_wait(time: DeviceTime) -> str:
    """Why the turn of a device comes late, in words."""
    interval_s = time.device.profile.least_interval_s
    if interval_s > time.round_s:
        return say(
            "is of a model that may be asked once in {interval_s:g} s", interval_s=interval_s
        )
    beside = format_count(time.beside, "other device")
    return say(
        "has {beside} beside it, and to ask them all takes some {round_s:.1f} s",
        beside=beside,
        round_s=time.round_s,
    )


def warn_of_late_stop(time: DeviceTime, text: str, stop_s: float, when: str) -> SettingsFinding:
    mends = (
        say("fewer devices on its port mend")
        if time.beside
        else say("one of another model beside mends")
    )
    return SettingsFinding(
        (*time.device.where, "port"),
        say(
            "{text} up to {stop_s:.0f} s after {when} (the aim is {promised_s:g} s); {mends} that",
            text=text,
            stop_s=stop_s,
            when=when,
            promised_s=PROMISED_S,
            mends=mends,
        ),
        is_warning=True,
    )


def is_pack(time: DeviceTime) -> bool:
    """Whether it measures single cells."""
    return time.device.where[0] == "bms"


def estimate_fall_s(time: DeviceTime) -> float:
    """Until loads stop, where the whole battery falls: any device of the line will see it."""
    interval_s = time.device.profile.least_interval_s
    return estimate_stop_s(round_s=time.answer_s, answer_s=time.answer_s, interval_s=interval_s)


def estimate_cell_s(time: DeviceTime) -> float:
    """The same where one cell falls, which only its own pack sees."""
    interval_s = time.device.profile.least_interval_s
    return estimate_stop_s(round_s=time.round_s, answer_s=time.answer_s, interval_s=interval_s)


def find_idle_line_settings(settings: Settings) -> Iterator[SettingsFinding]:
    """`baud` and `framing` where they change nothing."""
    for device in list_devices(settings):
        if not isinstance(device, SettingsFinding):
            yield from find_idle_baud(device)
            yield from find_idle_framing(device)


def find_idle_baud(device: NamedDevice) -> Iterator[SettingsFinding]:
    port = device.settings.port
    if port.startswith(TCP) and device.settings.baud is not None:
        yield device.warn(
            "baud",
            say(
                "changes nothing at {port}: set the speed in the gateway or bridge, and leave "
                "it out here",
                port=port,
            ),
        )


def find_idle_framing(device: NamedDevice) -> Iterator[SettingsFinding]:
    port, profile = device.settings.port, device.profile
    if not device.form.bridged:
        return
    if profile.protocol not in MODBUS:
        yield device.warn(
            "framing",
            say(
                "changes nothing: a {profile} has frames of its own ({protocol}), and not those "
                "of Modbus; leave it out",
                profile=profile.name,
                protocol=profile.protocol,
            ),
        )
    elif not port.startswith(TCP):
        yield device.warn(
            "framing",
            say(
                "changes nothing at {port}: on a serial line Modbus always has RTU frames; "
                "leave it out, or name the tcp://HOST:PORT of the bridge",
                port=port,
            ),
        )


def find_poleward_panels(settings: Settings) -> Iterator[SettingsFinding]:
    """Tilted panels that face the pole: mostly a setting of the other hemisphere."""
    site, panels = settings.site, settings.panels
    azimuth_deg, equator_deg = panels.get_azimuth_deg(site), site.equator_azimuth_deg
    off_deg = abs((azimuth_deg - equator_deg + 180) % 360 - 180)
    is_tilted = panels.tilt_deg >= LEAST_TILT_DEG and abs(site.latitude_deg) >= TROPIC_DEG
    if is_tilted and off_deg > MOST_OFF_EQUATOR_DEG:
        yield SettingsFinding(
            ("panels", "azimuth_deg"),
            say(
                "is {azimuth_deg:g}, so that the panels face away from the sun at latitude "
                "{latitude_deg:g}: measure it at the panels (0 is north, 90 east, 180 south), "
                "or leave it out for {equator_deg:g}",
                azimuth_deg=azimuth_deg,
                latitude_deg=site.latitude_deg,
                equator_deg=equator_deg,
            ),
            is_warning=True,
        )
