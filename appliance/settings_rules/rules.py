"""What must hold between settings: each rule gives the places that break it, and why.

    for where, text in find_errors(settings): ...      # (("energy", "eco_from_pct"), "must be ...")

Reads: the computer's list of time zones. Writes: nothing.
Never: checks a value by itself (its type and range); appliance/settings_file.py does that.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from appliance.chemistry.battery import find_cell_count_error
from appliance.parsing.nearest import advise
from appliance.parsing.times import parse_hours
from appliance.parsing.values import parse_address, parse_host
from appliance.sections.network import PUSH_PORT
from appliance.settings import Settings
from appliance.settings_rules.alarm_rules import check_alarms
from appliance.settings_rules.camera_rules import check_clips, check_labels, check_shapes
from appliance.settings_rules.ddi_rules import check_ddi
from appliance.settings_rules.link_rules import check_link
from appliance.settings_rules.load_rules import (
    check_event_switches,
    check_heaters,
    check_sources,
    check_supply,
)
from appliance.settings_rules.path_rules import check_paths
from appliance.settings_rules.place_rules import check_horizon
from appliance.settings_rules.places import Error
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

HOME = re.compile(r"/|(?:/[a-z0-9_-]+)+")
IDENTITY = re.compile(r"[A-Za-z0-9_-]{0,64}")


def find_errors(settings: Settings) -> Iterator[Error]:
    """All that cannot be used together: the place of each, and what it must be."""
    yield from check_name(settings)
    yield from check_paths(settings)
    yield from check_battery(settings)
    yield from check_ladder(settings)
    yield from check_power(settings)
    yield from check_timezone(settings)
    yield from check_horizon(settings)
    yield from check_sources(settings)
    yield from check_heaters(settings)
    yield from check_event_switches(settings)
    for name, camera in settings.camera.items():
        yield from check_shapes(camera, ("camera", name))
        yield from check_supply(camera.supply, ("camera", name, "supply"), settings)
        yield from check_clips(camera, ("camera", name, "clip_s"), settings)
    yield from check_labels(settings)
    yield from check_hosts(settings)
    yield from check_certificate(settings)
    yield from check_kiosk(settings)
    yield from check_topic(settings)
    yield from check_update(settings)
    yield from check_fleet(settings)
    yield from check_ddi(settings)
    yield from check_link(settings)
    yield from check_alarms(settings)


def check_name(settings: Settings) -> Iterator[Error]:
    """Reports are named by it."""
    if not settings.unit.name.strip():
        yield ("unit", "name"), say("must not be empty: reports are named by it")
    if not IDENTITY.fullmatch(settings.unit.id):
        yield (
            ("unit", "id"),
            say("takes up to 64 letters A to Z, digits, - and _: it is part of topics"),
        )


def check_battery(settings: Settings) -> Iterator[Error]:
    """The number of cells must be certain."""
    error = find_cell_count_error(settings.battery)
    if error:
        key = "nominal_voltage_v" if settings.battery.cells is None else "cells"
        yield ("battery", key), say("is not certain: {error}", error=error)


def check_ladder(settings: Settings) -> Iterator[Error]:
    """The ladder's thresholds must stand in their order, or a level could never be reached."""
    order = ("off_below_pct", "sentinel_from_pct", "eco_from_pct", "full_from_pct")
    for lower, upper in pairwise(order):
        low, high = getattr(settings.energy, lower), getattr(settings.energy, upper)
        if low >= high:
            yield (
                ("energy", upper),
                say(
                    "must be above {lower} ({low:g}), not {high:g}", lower=lower, low=low, high=high
                ),
            )


def check_power(settings: Settings) -> Iterator[Error]:
    """A lower level may not draw more than a higher one: going down must save energy."""
    order = ("hibernate_power_w", "sentinel_power_w", "eco_power_w", "full_power_w")
    for lower, upper in pairwise(order):
        low, high = getattr(settings.energy, lower), getattr(settings.energy, upper)
        if low > high:
            yield (
                ("energy", lower),
                say(
                    "must be at most {upper} ({high:g}), not {low:g}",
                    upper=upper,
                    high=high,
                    low=low,
                ),
            )


def check_timezone(settings: Settings) -> Iterator[Error]:
    """A time zone must be one that this computer has; where it has none, UTC is shown."""
    zone, known = settings.site.timezone, available_timezones()
    if known and zone not in known:
        advice = advise(zone, known, say("give an IANA name, or 'UTC'"))
        yield (
            ("site", "timezone"),
            say("{zone} is not a known time zone; {advice}", zone=show(zone), advice=advice),
        )


def check_hosts(settings: Settings) -> Iterator[Error]:
    """Names and addresses as a browser sends them, and that of the broker."""
    if settings.mqtt.host:
        try:
            parse_host(settings.mqtt.host)
        except InputError as error:
            yield (
                ("mqtt", "host"),
                say("is wrong: {error}; the port has its own key, `port`", error=error),
            )
    for host in settings.web.hosts:
        try:
            parse_host(host)
        except InputError as error:
            yield ("web", "hosts"), say("has a wrong entry: {error}", error=error)


def check_update(settings: Settings) -> Iterator[Error]:
    """Where releases are, and when they may be installed."""
    for mirror in settings.update.mirrors:
        if not is_mirror(mirror):
            text = say(
                "has {mirror}: https://HOST/PATH, http://HOST/PATH or file:///PATH is meant",
                mirror=show(mirror),
            )
            yield ("update", "mirrors"), text
    try:
        parse_hours(settings.update.window)
    except InputError as error:
        yield ("update", "window"), say("is wrong: {error}", error=error)


def check_fleet(settings: Settings) -> Iterator[Error]:
    """Reports say what people's sites are like: only over TLS, but to this computer itself."""
    address = settings.fleet.server
    if address and not is_private_server(address):
        text = say("is {address}: https://HOST/PATH is meant", address=show(address))
        yield ("fleet", "server"), text
    if settings.fleet.push:
        try:
            parse_address(settings.fleet.push, PUSH_PORT)
        except InputError as error:
            yield (
                ("fleet", "push"),
                say("is wrong: {error}; HOST or HOST:PORT is meant", error=error),
            )


def is_private_server(address: str) -> bool:
    """Whether nobody on the way can read what is sent there."""
    if not is_mirror(address):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    )


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


def check_kiosk(settings: Settings) -> Iterator[Error]:
    """The screen begins with a view of the page, not with a page of another computer."""
    if not HOME.fullmatch(settings.kiosk.home):
        yield ("kiosk", "home"), say("must be the path of a view, such as / or /energy")


def check_certificate(settings: Settings) -> Iterator[Error]:
    """A certificate of the owner's has a key, and a key a certificate."""
    web = settings.web
    if (web.certificate_file is None) != (web.key_file is None):
        missing = "certificate_file" if web.certificate_file is None else "key_file"
        there = "key_file" if web.certificate_file is None else "certificate_file"
        yield ("web", there), say("needs a `{missing}` beside it", missing=missing)


def check_topic(settings: Settings) -> Iterator[Error]:
    """What is published has one topic: no broker takes a wildcard in it."""
    for key in ("topic", "discovery_prefix"):
        value: str = getattr(settings.mqtt, key)
        if set(value) & set("+#"):
            yield ("mqtt", key), say("must not have + or #: these are wildcards of who reads")
        elif not value.strip("/") or value.startswith("$") or "\0" in value:
            yield ("mqtt", key), say("must not be empty or begin with $: brokers keep those topics")
