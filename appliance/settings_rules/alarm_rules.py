"""What must hold of alarms: rules, recipients and channels that exist, each with what it needs.

In: settings. Out: the places that break a rule, and why. Pure.
Never: opens a secret's file; appliance/alarms/channels looks at those.
"""

import re
from collections.abc import Container, Iterable, Iterator
from urllib.parse import urlsplit

from appliance.model_alarms import TAMPER_CODES, AlarmKind
from appliance.parsing.nearest import advise
from appliance.parsing.times import parse_hours
from appliance.parsing.values import parse_host
from appliance.sections.alarms import AlarmSettings, ChannelKind, ChannelSettings
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings
from appliance.settings_rules.places import Error, Place
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

NEEDS = {
    ChannelKind.APPRISE: ("address_file",),
    ChannelKind.SMS: ("number",),
    ChannelKind.SIA: ("host", "port", "account"),
    ChannelKind.PING: ("address_file",),
    ChannelKind.SWITCH: ("switch",),
}
USELESS = {
    ChannelKind.PING: say("take heartbeats only: name them in `heartbeat_to` of [alarms]"),
    ChannelKind.SWITCH: say("would sound because the unit lives: name another recipient"),
}
NUMBER = re.compile(r"\+?[0-9]{3,15}")
BETWEEN_DIGITS = str.maketrans("", "", " ()/.-")
WITHOUT_RULE = (AlarmKind.HEARTBEAT, AlarmKind.TEST)
LEAST_HEARTBEAT_S = 60.0
ACCOUNT_DIGITS = frozenset("0123456789abcdefABCDEF")


def check_alarms(settings: Settings) -> Iterator[Error]:
    """All sections of alarms."""
    yield from check_shared(settings)
    for name, rule in settings.alarm.items():
        yield from check_rule(rule, ("alarm", name), settings)
    for name, recipient in settings.recipient.items():
        here = ("recipient", name)
        yield from check_list(recipient.channels, (*here, "channels"), settings.channel, "channel")
        yield from check_hours(recipient.quiet, (*here, "quiet"))
        if recipient.next:
            yield from check_names((recipient.next,), (*here, "next"), settings.recipient)
            yield from check_kinds((recipient.next,), ChannelKind.PING, (*here, "next"), settings)
    for name, channel in settings.channel.items():
        yield from check_channel(channel, ("channel", name), settings)


def check_shared(settings: Settings) -> Iterator[Error]:
    """The page's address, and who gets the message that the unit lives."""
    own = settings.alarms
    if own.page and not is_page(own.page):
        yield (
            ("alarms", "page"),
            say("must be https://HOST[:PORT], not {page}", page=show(own.page)),
        )
    where = ("alarms", "heartbeat_to")
    yield from check_names(own.heartbeat_to, where, settings.recipient)
    yield from check_kinds(own.heartbeat_to, ChannelKind.SWITCH, where, settings)
    if own.heartbeat_s and not own.heartbeat_to:
        yield where, say("must name who gets the message, or `heartbeat_s` be 0")
    if 0 < own.heartbeat_s < LEAST_HEARTBEAT_S:
        text = say(
            "must be 0 or from {least_heartbeat_s:g} on: each is a message, and rows on the disk",
            least_heartbeat_s=LEAST_HEARTBEAT_S,
        )
        yield ("alarms", "heartbeat_s"), text


def is_page(address: str) -> bool:
    """Whether it is a web server's address without more behind it."""
    try:
        parts = urlsplit(address)
        port = parts.port
        parse_host(parts.hostname or "")
    except (ValueError, InputError):
        return False
    known = parts.scheme in ("https", "http") and port != 0
    return known and not parts.username and not parts.query and not parts.fragment


def check_rule(rule: AlarmSettings, here: Place, settings: Settings) -> Iterator[Error]:
    """One [alarm.NAME]."""
    yield from check_list(rule.to, (*here, "to"), settings.recipient, "recipient")
    yield from check_names(rule.cameras, (*here, "cameras"), settings.camera)
    yield from check_names(rule.zones, (*here, "zones"), list_zones(rule, settings))
    yield from check_hours(rule.hours, (*here, "hours"))
    yield from check_kinds(rule.to, ChannelKind.PING, (*here, "to"), settings)
    if rule.on in WITHOUT_RULE:
        text = say(
            "cannot be '{on}': that goes to whom it is meant for without a rule", on=rule.on.value
        )
        yield (*here, "on"), text
    tampers = sorted(TAMPER_CODES & set(rule.faults)) if rule.on is AlarmKind.FAULT else ()
    for code in tampers:
        yield (
            (*here, "faults"),
            say("names '{code}', which is no `fault` here: set on = 'tamper'", code=code),
        )


def check_kinds(
    names: Iterable[str], useless: ChannelKind, where: Place, settings: Settings
) -> Iterator[Error]:
    """Who gets it has a channel that is of use for it."""
    for name in names:
        channels = settings.recipient[name].channels if name in settings.recipient else ()
        kinds = {settings.channel[one].kind for one in channels if one in settings.channel}
        if kinds == {useless}:
            text = say(
                "whose channels of kind '{useless}' {advice}",
                useless=useless.value,
                advice=USELESS[useless],
            )
            yield where, say("names {name}, {text}", name=show(name), text=text)


def list_zones(rule: AlarmSettings, settings: Settings) -> list[str]:
    """The zones and lines of the rule's cameras."""
    cameras = [
        one for name, one in settings.camera.items() if not rule.cameras or name in rule.cameras
    ]
    return [name for one in cameras for name in (*one.zone, *one.line)]


def check_list(
    names: Iterable[str], where: Place, known: Iterable[str], what: str
) -> Iterator[Error]:
    """One name or more, each of something that exists."""
    if not names:
        yield where, say("must name a {what}: nobody would get anything", what=what)
    yield from check_names(names, where, known)


def check_names(names: Iterable[str], where: Place, known: Iterable[str]) -> Iterator[Error]:
    """Each name is that of a section."""
    existing = list(known)
    for name in names:
        if name not in existing:
            yield (
                where,
                say(
                    "names {name}, which is not there; {advise_known}",
                    name=show(name),
                    advise_known=advise_known(name, existing),
                ),
            )


def advise_known(name: str, known: list[str]) -> str:
    """The nearest one, or that there is none."""
    return advise(name, known) if known else say("there is none")


def check_hours(text: str, where: Place) -> Iterator[Error]:
    """A span of a day."""
    try:
        parse_hours(text)
    except InputError as error:
        yield where, say("is wrong: {error}", error=error)


def check_channel(channel: ChannelSettings, here: Place, settings: Settings) -> Iterator[Error]:
    """What its kind needs is there."""
    for key in NEEDS[channel.kind]:
        if not getattr(channel, key):
            yield (*here, key), say("must be set for kind = '{kind}'", kind=channel.kind.value)
    if channel.account and not is_account(channel.account, ACCOUNT_DIGITS):
        yield (*here, "account"), say("must have 3 to 16 hexadecimal digits")
    if channel.number and not NUMBER.fullmatch(channel.number.translate(BETWEEN_DIGITS)):
        yield (*here, "number"), say("must be a telephone number, such as +40711222333")
    yield from check_receiver(channel.host, (*here, "host"))
    switch = settings.switch.get(channel.switch)
    if channel.switch and switch is None:
        yield from check_names((channel.switch,), (*here, "switch"), settings.switch)
    elif switch is not None and switch.runs_when is not RunsWhen.ALARM:
        yield (
            (*here, "switch"),
            say("names [switch.{switch}]: that needs runs_when = 'alarm'", switch=channel.switch),
        )


def check_receiver(host: str, where: Place) -> Iterator[Error]:
    """A station's address, where one is given."""
    try:
        if host:
            parse_host(host)
    except InputError as error:
        yield where, say("is wrong: {error}; the port has its own key, `port`", error=error)


def is_account(text: str, digits: Container[str]) -> bool:
    return 3 <= len(text) <= 16 and all(one in digits for one in text)
