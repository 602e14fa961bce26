"""Stands in for a timer of PID 1 that elapses once: starts a unit some real seconds later.

    python -m provisioning.delayed_start SECONDS UNIT --settings FILE

Reads: the settings. Writes: one order to `systemctl`.
Never: gives the order where it is stopped before.
"""

import argparse
import signal
from pathlib import Path
from threading import Event

from appliance import log, settings_file
from appliance.errors import ApplianceError
from appliance.process.host import Host


def main() -> None:
    """Exit code 0, whatever PID 1's stand-in says: it says that itself."""
    parser = argparse.ArgumentParser(prog="delayed_start", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("unit")
    parser.add_argument("--settings", type=Path, required=True)
    asked = parser.parse_args()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if stop.wait(asked.seconds):
        return
    try:
        settings = settings_file.load_settings(asked.settings)
        Host(settings.host.systemctl).start(asked.unit).wait()
    except ApplianceError as error:
        log.setup("timer").warning(str(error), unit=asked.unit)


if __name__ == "__main__":
    main()
