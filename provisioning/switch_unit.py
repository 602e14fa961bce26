"""A switched load under the laptop's stand-in for PID 1: on while this process runs.

    python -m provisioning.switch_unit NAME --settings FILE

Reads: nothing. Writes: through the same program that PID 1 runs on a unit
(`python -m appliance.actuators.switch on|off NAME`).
Never: ends without having switched it off.

supervisord has no oneshots that stay active. So this process is what stays; what `ExecStart=` and
`ExecStopPost=` do on a unit, it does at its start and at its end.
"""

import argparse
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event


def switch(way: str, name: str, settings: Path) -> int:
    """Run the actuator; its exit code."""
    words = ["appliance.actuators.switch", way, name, "--settings", str(settings)]
    return subprocess.run([sys.executable, "-m", *words], check=False).returncode


def main() -> None:
    """Exit code 0, or that of a switch that did not go on."""
    parser = argparse.ArgumentParser(prog="switch_unit", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--settings", type=Path, required=True)
    asked = parser.parse_args()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    code = switch("on", asked.name, asked.settings)
    if code == 0:
        stop.wait()
    switch("off", asked.name, asked.settings)
    sys.exit(code)


if __name__ == "__main__":
    main()
