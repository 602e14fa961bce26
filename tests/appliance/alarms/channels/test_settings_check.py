"""`settings --check` knows files of channels that no message could be sent with."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alarms.channels.settings_check import check
from appliance.sections.alarms import AlarmSettings, ChannelKind, ChannelSettings
from appliance.settings import Settings


def find(settings: Settings, channel: ChannelSettings) -> list[str]:
    found = check(replace(settings, channel={"phone": channel}))
    return [f"{one.where[-1]} {one.text}" for one in found]


def write(directory: Path, text: str, mode: int = 0o640) -> Path:
    file = directory / "secret-file"
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ChannelKind.APPRISE, "mailtos://u:p@host?to=a@example.org\n"),
        (ChannelKind.PING, "https://hc.example.org/5f2b\n"),
    ],
)
def test_an_address_that_can_be_used_is_fine(
    settings: Settings, tmp_path: Path, kind: ChannelKind, text: str
) -> None:
    assert find(settings, ChannelSettings(kind=kind, address_file=write(tmp_path, text))) == []


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (ChannelKind.APPRISE, "hunter2@host\n", "must begin with a kind"),
        (ChannelKind.APPRISE, "dbus://hunter2\n", "reaches nobody outside"),
        (ChannelKind.APPRISE, "\n", "must hold one line"),
        (ChannelKind.PING, "mailtos://hunter2@host\n", "begins with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_and_not_repeated(
    settings: Settings, tmp_path: Path, kind: ChannelKind, text: str, expected: str
) -> None:
    file = write(tmp_path, text)
    (found,) = find(settings, ChannelSettings(kind=kind, address_file=file))
    assert found.startswith("address_file ")
    assert expected in found
    assert "hunter2" not in found


def test_a_key_of_no_length_is_said_and_not_repeated(settings: Settings, tmp_path: Path) -> None:
    channel = ChannelSettings(kind=ChannelKind.SIA, key_file=write(tmp_path, "hunter2\n"))
    (found,) = find(settings, channel)
    assert "16, 24 or 32" in found
    assert "hunter2" not in found


def test_a_file_that_is_missing_or_open_to_everybody_is_a_warning(
    settings: Settings, tmp_path: Path
) -> None:
    channel = ChannelSettings(address_file=tmp_path / "nowhere")
    assert "is not there" in find(settings, channel)[0]
    file = write(tmp_path, "ntfys://host/topic\n", 0o644)
    channel = ChannelSettings(address_file=file)
    (found,) = list(check(replace(settings, channel={"phone": channel})))
    assert found.is_warning
    assert "chmod 0640" in found.text


def test_a_label_of_which_no_event_is_made_is_a_warning(settings: Settings) -> None:
    rules = {
        "people": AlarmSettings(to=("owner",), labels=("person",)),
        "wrong": AlarmSettings(to=("owner",), labels=("perosn",)),
    }
    (found,) = check(replace(settings, alarm=rules))
    assert found.is_warning
    assert found.where == ("alarm", "wrong", "labels")
    assert found.text == "names 'perosn', of which no event is made; did you mean 'person'?"
