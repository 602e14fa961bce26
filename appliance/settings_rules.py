"""What must hold between settings: each rule gives the places that break it, and why.

    for where, text in find_errors(settings): ...      # (("energy", "eco_from_pct"), "must be ...")

Reads: the computer's list of time zones. Writes: nothing.
Never: checks a value by itself (its type and range); appliance/settings_file.py does that.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from appliance.chemistry.battery import find_cell_count_error
from appliance.parsing.nearest import advise
from appliance.parsing.times import parse_hours
from appliance.parsing.values import parse_host
from appliance.sections.cameras import CameraSettings, Point, Polygon
from appliance.sections.loads import RunsWhen, SwitchKind
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.strict_json import InputError, show

BLURRED = (
    "must be 0 while heads are blurred: in clips they are not; set `blur_heads = false` under "
    "[inference] where the law lets you keep clips of people"
)
HEATERS = (RunsWhen.BATTERY_COLD, RunsWhen.FROST, RunsWhen.DEW)
Place = tuple[str, ...]
Error = tuple[Place, str]


def find_errors(settings: Settings) -> Iterator[Error]:
    """All that cannot be used together: the place of each, and what it must be."""
    yield from check_name(settings)
    yield from check_battery(settings)
    yield from check_ladder(settings)
    yield from check_power(settings)
    yield from check_timezone(settings)
    yield from check_sources(settings)
    yield from check_heaters(settings)
    yield from check_event_switches(settings)
    for name, camera in settings.camera.items():
        yield from check_shapes(camera, ("camera", name))
        yield from check_supply(camera.supply, ("camera", name, "supply"), settings)
        yield from check_clips(camera, ("camera", name, "clip_s"), settings)
    yield from check_labels(settings)
    yield from check_hosts(settings)
    yield from check_topic(settings)
    yield from check_update(settings)


def check_name(settings: Settings) -> Iterator[Error]:
    """Reports are named by it."""
    if not settings.unit.name.strip():
        yield ("unit", "name"), "must not be empty: reports are named by it"


def check_labels(settings: Settings) -> Iterator[Error]:
    """A label with a section of its own must be one that is followed."""
    known = set(settings.inference.labels)
    for camera in settings.camera.values():
        for zone in camera.zone.values():
            known.update(zone.labels)
        for line in camera.line.values():
            known.update(line.labels)
    names = [label.replace(" ", "-") for label in sorted(known)]
    for name in settings.inference.label:
        if name not in names:
            text = f"is no label that makes events; {advise(name, names)}"
            yield ("inference", "label", name), text


def check_battery(settings: Settings) -> Iterator[Error]:
    """The number of cells must be certain."""
    error = find_cell_count_error(settings.battery)
    if error:
        key = "nominal_voltage_v" if settings.battery.cells is None else "cells"
        yield ("battery", key), f"is not certain: {error}"


def check_ladder(settings: Settings) -> Iterator[Error]:
    """The ladder's thresholds must stand in their order, or a level could never be reached."""
    order = ("off_below_pct", "sentinel_from_pct", "eco_from_pct", "full_from_pct")
    for lower, upper in pairwise(order):
        low, high = getattr(settings.energy, lower), getattr(settings.energy, upper)
        if low >= high:
            yield ("energy", upper), f"must be above {lower} ({low:g}), not {high:g}"


def check_power(settings: Settings) -> Iterator[Error]:
    """A lower level may not draw more than a higher one: going down must save energy."""
    order = ("hibernate_power_w", "sentinel_power_w", "eco_power_w", "full_power_w")
    for lower, upper in pairwise(order):
        low, high = getattr(settings.energy, lower), getattr(settings.energy, upper)
        if low > high:
            yield ("energy", lower), f"must be at most {upper} ({high:g}), not {low:g}"


def check_sources(settings: Settings) -> Iterator[Error]:
    """A source needs a switch of its own, times that can be kept, and room between its limits."""
    used: dict[str, str] = {}
    for name, source in settings.source.items():
        here = ("source", name)
        if source.switch:
            first = used.setdefault(source.switch, name)
            yield from check_source_switch(source.switch, (*here, "switch"), settings)
            if first != name:
                yield (*here, "switch"), f"is that of [source.{first}]: each needs its own"
        yield from check_source_limits(source, here)


def check_source_limits(source: SourceSettings, here: Place) -> Iterator[Error]:
    """A run must be able to give something, and a tank to be used."""
    if source.least_run_s > source.most_run_s:
        yield (*here, "least_run_s"), f"must be at most most_run_s ({source.most_run_s:g})"
    if source.switch and source.most_run_s <= source.warm_up_s:
        yield (*here, "most_run_s"), f"must be above warm_up_s ({source.warm_up_s:g})"
    if source.start_below_pct >= source.stop_above_pct:
        yield (
            (*here, "start_below_pct"),
            f"must be below stop_above_pct ({source.stop_above_pct:g})",
        )
    if source.tank_kwh is not None and source.tank_l is not None:
        yield (*here, "tank_l"), "must not stand beside tank_kwh: give one of the two"
    full_kwh = source.full_tank_kwh
    if full_kwh is not None and source.kept_kwh >= full_kwh:
        yield (*here, "kept_kwh"), f"must be less than the tank holds ({full_kwh:g} kWh)"


def check_source_switch(switch: str, where: Place, settings: Settings) -> Iterator[Error]:
    """It must be there, and no GPU host."""
    if switch not in settings.switch:
        yield where, f"names no switch: there is no [switch.{switch}]"
    elif settings.switch[switch].is_host:
        yield where, f"names a GPU host, [switch.{switch}] with full_w above 0"
    elif settings.switch[switch].kind is SwitchKind.WAKE_ON_LAN:
        yield (
            where,
            f"names [switch.{switch}] by wake-on-lan: what starts a source must stop it too",
        )
    elif settings.switch[switch].runs_when is not RunsWhen.LEVEL:
        yield where, f"names [switch.{switch}], which has a `runs_when` of its own"


def check_heaters(settings: Settings) -> Iterator[Error]:
    """What a heater takes is counted; a GPU host has rules of its own."""
    for name, switch in settings.switch.items():
        if switch.runs_when in HEATERS and not switch.idle_w:
            yield ("switch", name, "idle_w"), "must be the heater's power: the plan counts it"
        if switch.runs_when is not RunsWhen.LEVEL and switch.is_host:
            yield ("switch", name, "runs_when"), "must be 'level' for a GPU host"


def check_event_switches(settings: Settings) -> Iterator[Error]:
    """What an event switches on is counted against the budget, and waits for what can happen."""
    for name, switch in settings.switch.items():
        if switch.runs_when is not RunsWhen.EVENT:
            continue
        if not switch.idle_w:
            yield ("switch", name, "idle_w"), "must be its power: the energy budget must allow it"
        for camera in switch.event_cameras:
            if camera not in settings.camera:
                text = f"names no camera: {advise(camera, settings.camera)}"
                yield ("switch", name, "event_cameras"), text
        try:
            parse_hours(switch.event_hours)
        except InputError as error:
            yield ("switch", name, "event_hours"), f"is wrong: {error}"


def check_supply(switch: str, where: Place, settings: Settings) -> Iterator[Error]:
    """It must be a plain switch, which is on at its level."""
    own = settings.switch.get(switch)
    if switch and own is None:
        yield where, f"names no switch: there is no [switch.{switch}]"
    elif own is not None and (own.runs_when is not RunsWhen.LEVEL or own.is_host):
        yield where, f"names [switch.{switch}], which is no plain switch: `runs_when` or `full_w`"
    elif switch in settings.source_switches:
        yield where, f"names [switch.{switch}], which starts a source"


def check_timezone(settings: Settings) -> Iterator[Error]:
    """A time zone must be one that this computer has; where it has none, UTC is shown."""
    zone, known = settings.site.timezone, available_timezones()
    if known and zone not in known:
        advice = advise(zone, known, "give an IANA name, or 'UTC'")
        yield ("site", "timezone"), f"{show(zone)} is not a known time zone; {advice}"


def check_shapes(camera: CameraSettings, here: Place) -> Iterator[Error]:
    """Masks, zones and lines lie within the picture and have enough corners."""
    for key in ("privacy_masks", "motion_masks"):
        for polygon in getattr(camera, key):
            yield from check_polygon(polygon, (*here, key))
    for zone, entry in camera.zone.items():
        yield from check_polygon(entry.polygon, (*here, "zone", zone, "polygon"))
    for line, ends in camera.line.items():
        yield from check_points((ends.start, ends.end), (*here, "line", line))
        if ends.start == ends.end:
            yield (*here, "line", line), "begins where it ends"


def check_polygon(polygon: Polygon, where: Place) -> Iterator[Error]:
    """Three corners or more, in the picture."""
    if len(polygon) < 3:
        yield where, f"needs 3 corners or more, not {len(polygon)}"
    yield from check_points(polygon, where)


def check_points(points: Iterable[Point], where: Place) -> Iterator[Error]:
    """Fractions of the picture."""
    for point in points:
        if not all(0 <= number <= 1 for number in point):
            yield where, f"has {list(point)} outside the picture: fractions go from 0 to 1"


def check_clips(camera: CameraSettings, where: Place, settings: Settings) -> Iterator[Error]:
    """Clips are kept as the camera sends them: nothing in them can be hidden."""
    if camera.clip_s > 0 and camera.privacy_masks:
        yield where, "must be 0 beside `privacy_masks`: clips cannot be masked, only pictures"
    if camera.clip_s > 0 and settings.inference.blur_heads:
        yield where, BLURRED


def check_hosts(settings: Settings) -> Iterator[Error]:
    """Names and addresses as a browser sends them, and that of the broker."""
    if settings.mqtt.host:
        try:
            parse_host(settings.mqtt.host)
        except InputError as error:
            yield ("mqtt", "host"), f"is wrong: {error}; the port has its own key, `port`"
    for host in settings.web.hosts:
        try:
            parse_host(host)
        except InputError as error:
            yield ("web", "hosts"), f"has a wrong entry: {error}"


def check_update(settings: Settings) -> Iterator[Error]:
    """Where releases are, and when they may be installed."""
    for mirror in settings.update.mirrors:
        if not is_mirror(mirror):
            text = (
                f"has {show(mirror)}: https://HOST/PATH, http://HOST/PATH or file:///PATH is meant"
            )
            yield ("update", "mirrors"), text
    try:
        parse_hours(settings.update.window)
    except InputError as error:
        yield ("update", "window"), f"is wrong: {error}"


def is_mirror(address: str) -> bool:
    """Whether it is an address of a web server or of a directory."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "file":
        return not parts.netloc and parts.path.startswith("/")
    return parts.scheme in ("https", "http") and bool(parts.hostname) and port != 0


def check_topic(settings: Settings) -> Iterator[Error]:
    """What is published has one topic: no broker takes a wildcard in it."""
    if set(settings.mqtt.topic) & set("+#"):
        yield ("mqtt", "topic"), "must not have + or #: these are wildcards of who reads"
