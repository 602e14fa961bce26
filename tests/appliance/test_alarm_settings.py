"""The sections of alarms: what names something that is not there is told with place and advice."""

from pathlib import Path

import pytest

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind, AlarmPriority
from appliance.sections.alarms import ChannelKind
from appliance.settings import Settings

SOUND = """
[camera.gate]
source = "rtsp://192.0.2.1/"
[camera.gate.zone.drive]
polygon = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
[alarms]
page = "https://unit.example.org"
heartbeat_s = 86400
heartbeat_to = ["owner"]
[alarm.people]
to = ["owner"]
cameras = ["gate"]
zones = ["drive"]
hours = "22:00-05:00"
priority = "urgent"
runs_from = "sentinel"
[alarm.charger]
on = "fault-over"
to = ["station"]
[recipient.owner]
channels = ["mail"]
next = "station"
[recipient.station]
channels = ["receiver"]
[channel.mail]
address_file = "/etc/appliance/mail"
[channel.receiver]
kind = "sia"
host = "192.0.2.9"
port = 7777
account = "12AB"
"""
MISTAKES = {
    "a recipient that is mistyped": (
        'to = ["owner"]\ncameras',
        'to = ["owmer"]\ncameras',
        "alarm.people.to names 'owmer', which is not there; did you mean 'owner'?",
    ),
    "nobody to tell": (
        'to = ["owner"]\ncameras',
        "cameras",
        "alarm.people.to must name a recipient: nobody would get anything",
    ),
    "an unknown camera": (
        'cameras = ["gate"]',
        'cameras = ["gat"]',
        "alarm.people.cameras names 'gat', which is not there; did you mean 'gate'?",
    ),
    "an unknown zone": (
        'zones = ["drive"]',
        'zones = ["dirve"]',
        "alarm.people.zones names 'dirve', which is not there; did you mean 'drive'?",
    ),
    "an unknown channel": (
        'channels = ["mail"]',
        'channels = ["mial"]',
        "recipient.owner.channels names 'mial', which is not there; did you mean 'mail'?",
    ),
    "an unknown next": (
        'next = "station"',
        'next = "statoin"',
        "recipient.owner.next names 'statoin', which is not there; did you mean 'station'?",
    ),
    "hours that are none": (
        '"22:00-05:00"',
        '"at night"',
        "alarm.people.hours is wrong: 'at night' is no span of a day, such as 22:00-06:00",
    ),
    "a channel without its address": (
        'address_file = "/etc/appliance/mail"',
        "",
        "channel.mail.address_file must be set for kind = 'apprise'",
    ),
    "a station without a port": (
        "port = 7777",
        "",
        "channel.receiver.port must be set for kind = 'sia'",
    ),
    "an account that is none": (
        'account = "12AB"',
        'account = "gate"',
        "channel.receiver.account must have 3 to 16 hexadecimal digits",
    ),
    "a switch that is not there": (
        'kind = "sia"',
        'kind = "switch"\nswitch = "siren"',
        "channel.receiver.switch names 'siren', which is not there; there is none",
    ),
    "a page with a path": (
        "https://unit.example.org",
        "unit.example.org/page",
        "alarms.page must be https://HOST[:PORT], not 'unit.example.org/page'",
    ),
    "a heartbeat to nobody": (
        'heartbeat_to = ["owner"]',
        "",
        "alarms.heartbeat_to must name who gets the message, or `heartbeat_s` be 0",
    ),
    "a rule of what needs none": (
        'on = "fault-over"',
        'on = "heartbeat"',
        "alarm.charger.on cannot be 'heartbeat': that goes to whom it is meant for without a rule",
    ),
    "a tampering as a fault": (
        'on = "fault-over"',
        'on = "fault"\nfaults = ["camera-covered"]',
        "alarm.charger.faults names 'camera-covered', which is no `fault` here: set on = 'tamper'",
    ),
    "a heartbeat each second": (
        "heartbeat_s = 86400",
        "heartbeat_s = 1",
        "alarms.heartbeat_s must be 0 or from 60 on",
    ),
    "alarms to a dead man's switch": (
        'kind = "sia"',
        'kind = "ping"\naddress_file = "/etc/appliance/alive"',
        "alarm.charger.to names 'station', whose channels of kind 'ping' take heartbeats only",
    ),
    "a number that is none": (
        'kind = "sia"',
        'kind = "sms"\nnumber = "the guard"',
        "channel.receiver.number must be a telephone number, such as +40711222333",
    ),
    "a station with its port in its address": (
        'host = "192.0.2.9"',
        'host = "192.0.2.9:7777"',
        "the port has its own key, `port`",
    ),
    "an unknown kind of channel": (
        'kind = "sia"',
        'kind = "fax"',
        "channel.receiver.kind must be one of 'apprise', 'sms', 'sia', 'ping', 'switch', not 'fax'",
    ),
}


def load(directory: Path, text: str) -> Settings:
    path = directory / "unit.toml"
    path.write_text(text)
    return settings_file.load_settings(path)


def test_sound_sections_are_read(tmp_path: Path) -> None:
    settings = load(tmp_path, SOUND)
    people = settings.alarm["people"]
    assert (people.on, people.priority) == (AlarmKind.EVENT, AlarmPriority.URGENT)
    assert people.runs_from is EnergyLevel.SENTINEL
    assert settings.alarm["charger"].on is AlarmKind.FAULT_OVER
    assert settings.channel["receiver"].kind is ChannelKind.SIA


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, mistake: str) -> None:
    right, wrong, text = MISTAKES[mistake]
    assert right in SOUND
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, SOUND.replace(right, wrong, 1))
    assert text in str(caught.value)


def test_a_zone_must_be_of_the_cameras_that_the_rule_names(tmp_path: Path) -> None:
    other = '[camera.yard]\nsource = "rtsp://192.0.2.2/"\n'
    with pytest.raises(SettingsError, match=r"alarm\.people\.zones"):
        load(tmp_path, other + SOUND.replace('cameras = ["gate"]', 'cameras = ["yard"]'))
    load(tmp_path, other + SOUND.replace('cameras = ["gate"]\n', ""))
