"""Sections of alarms: [alarms], [alarm.NAME], [recipient.NAME], [channel.NAME].

Reads and writes: nothing.
Never: checks a value (appliance/settings_file.py does), or holds a password: those stand in files.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind, AlarmPriority
from appliance.sections.field import setting

DAY_S = 86_400.0


class ChannelKind(Enum):
    """How a channel reaches somebody."""

    APPRISE = "apprise"
    SMS = "sms"
    SIA = "sia"
    PING = "ping"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class AlarmsSettings:
    """What all alarms share."""

    page: str = setting(
        "", "Where recipients reach the page: https://HOST[:PORT]; '' leaves links out"
    )
    heartbeat_s: float = setting(
        0.0, "Seconds between messages that say the unit lives; 0: none", 0, 30 * DAY_S
    )
    heartbeat_to: tuple[str, ...] = setting((), "Recipients of that message")
    queue_days: float = setting(14.0, "Days after which a message that waits is dropped", 1, 365)


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """What makes an alarm, and who gets it; the section is [alarm.NAME], one for each rule."""

    on: AlarmKind = setting(AlarmKind.EVENT, "What makes an alarm")
    to: tuple[str, ...] = setting((), "Recipients, all at once")
    cameras: tuple[str, ...] = setting((), "`event`, `tamper`: cameras; empty: all")
    zones: tuple[str, ...] = setting((), "`event`: zones and lines; empty: all")
    labels: tuple[str, ...] = setting((), "`event`: labels; empty: all that make events")
    faults: tuple[str, ...] = setting((), "`fault`, `fault-over`: codes; empty: all")
    hours: str = setting("", "Hours of the site in which it holds, such as 22:00-05:00; '': any")
    runs_from: EnergyLevel = setting(EnergyLevel.OFF, "The lowest level at which it holds")
    priority: AlarmPriority = setting(
        AlarmPriority.NORMAL, "How much it may disturb; `urgent` breaks quiet hours and limits"
    )
    bundle_s: float = setting(
        120.0, "Seconds since the last occurrence for which the next one joins the alarm", 0, DAY_S
    )
    acknowledge_s: float = setting(
        0.0,
        "Seconds until the next recipient gets it where nobody has acknowledged it; 0: never",
        0,
        DAY_S,
    )


@dataclass(frozen=True, slots=True)
class RecipientSettings:
    """A person or a station; the section is [recipient.NAME]."""

    channels: tuple[str, ...] = setting((), "Channels, all at once")
    quiet: str = setting("", "Hours of the site without messages, such as 22:00-06:00; '': none")
    messages_a_day: int = setting(50, "Messages in 24 hours at most", 1, 10_000)
    megabytes_a_day: float = setting(10.0, "Megabytes in 24 hours at most", 0.01, 10_000)
    next: str = setting("", "Who gets an alarm that this one has not acknowledged; '': nobody")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """A way to reach somebody; the section is [channel.NAME]."""

    kind: ChannelKind = setting(ChannelKind.APPRISE, "How it reaches somebody")
    address_file: Path | None = setting(
        None,
        "`apprise`: file with its address in one line, such as mailtos://USER:PASSWORD@HOST?to=WHO."
        " `ping`: the same, https://HOST/PATH, which a heartbeat asks for",
    )
    allow_local: bool = setting(
        False, "Let it lead to this computer, or to a link-local address, such as a relay of mail"
    )
    pictures_from: EnergyLevel = setting(
        EnergyLevel.ECO, "`apprise`: the lowest level at which the picture is sent"
    )
    number: str = setting("", "`sms`: the telephone number, such as +40711222333")
    host: str = setting("", "`sia`: the station's receiver")
    port: int = setting(0, "`sia`: its port", 0, 65_535)
    account: str = setting("", "`sia`: the account there, 3 to 16 hexadecimal digits")
    key_file: Path | None = setting(
        None, "`sia`: file with the AES key in one line: 16, 24 or 32 characters, or 0x and digits"
    )
    switch: str = setting("", "`switch`: the switch, one with runs_when = 'alarm'")
    on_s: float = setting(60.0, "`switch`: seconds for which it is on", 1, 3600)
