"""What channels need of their files: an address, a key or a number of a form that can be used; and
labels of which no event is made.

In: the settings, the files that they name. Out: findings.
Never: repeats what stands in a file, loads Apprise (`unitctl alarms test` tells what that says), or
calls a file wrong that only this user may not read.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.alarms.channels.addresses import find_scheme
from appliance.alarms.channels.errors import ChannelError
from appliance.alarms.channels.secret_files import decode_key, read_secret
from appliance.parsing.nearest import advise
from appliance.process.settings_checks import SettingsFinding
from appliance.sections.alarms import ChannelKind, ChannelSettings
from appliance.settings import Settings
from appliance.strict_json import show
from appliance.wording.sentence import say


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """The findings of all channels."""
    for name, channel in settings.channel.items():
        for key, text, is_warning in find_faults(name, channel):
            yield SettingsFinding(("channel", name, key), text, is_warning)
    labels = list_labels(settings)
    for name, rule in settings.alarm.items():
        for label in rule.labels:
            if label not in labels:
                text = say(
                    "names {label}, of which no event is made; {advice}",
                    label=show(label),
                    advice=advise(label, labels),
                )
                yield SettingsFinding(("alarm", name, "labels"), text, is_warning=True)


def list_labels(settings: Settings) -> list[str]:
    """Those that make events: of all cameras, of their zones and lines."""
    found = set(settings.inference.labels)
    for camera in settings.camera.values():
        for zone in camera.zone.values():
            found.update(zone.labels)
        for line in camera.line.values():
            found.update(line.labels)
    return sorted(found)


def find_faults(name: str, channel: ChannelSettings) -> Iterator[tuple[str, str, bool]]:
    """Key, sentence, and whether it is only a warning."""
    for key in ("address_file", "key_file"):
        file: Path | None = getattr(channel, key)
        if file is None:
            continue
        if not file.exists():
            yield key, say("names a file that is not there: {file}", file=file), True
        elif os.access(file, os.R_OK):
            yield from find_file_faults(name, channel, key, file)


def find_file_faults(
    name: str, channel: ChannelSettings, key: str, file: Path
) -> Iterator[tuple[str, str, bool]]:
    """What is wrong with a file that can be read."""
    if file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield key, say("holds a secret that anybody may read: chmod 0640 {file}", file=file), True
    try:
        secret = read_secret(file, key, name)
        if key == "key_file":
            decode_key(secret, file, name)
        elif channel.kind is ChannelKind.APPRISE:
            find_scheme(secret, name)
        elif not secret.startswith(("https://", "http://")):
            yield key, say("must hold an address that begins with https://"), False
    except ChannelError as error:
        yield key, say("cannot be used: {error}", error=error), False
