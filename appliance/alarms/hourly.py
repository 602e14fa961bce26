"""What the hourly timer runs: `python -m appliance.alarms.hourly --settings FILE`.

Reads: the settings. Writes: one datagram to the socket of the alarm service, where they name
somebody to tell.
Never: waits, or looks whether there is anything to do: the alarm service does, also with the
settings that it has kept where the file cannot be used now.
"""

from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.process.alarm_wake import wake
from appliance.process.service import make_parser
from appliance.settings import Settings


def main(path: Path | None) -> None:
    try:
        settings = settings_file.load_settings(path)
    except SettingsError:
        wake(Settings().alarm_socket)
        return
    if settings.recipient:
        wake(settings.alarm_socket)


if __name__ == "__main__":
    main(make_parser("hourly", takes_instance=False).parse_args().settings)
