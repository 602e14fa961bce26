"""Root's oneshot that takes an update from a USB stick: `python -m ota.stick --settings FILE`.

PID 1 runs it when a technician orders that at the page (appliance-stick.service).

Reads: the order, sticks. Writes: what becomes of it; a mount, and an order to PID 1.
Never: holds a rule. Exit codes as for every service.
"""

import sys
from pathlib import Path

from appliance import log, settings_file
from appliance.clock import SystemClock
from appliance.errors import ApplianceError
from appliance.process.host import Host
from appliance.process.service import find_exit_code, make_parser, stop_on_signals
from appliance.process.stick_order import find_directory, find_place
from ota.stick.drives import BLOCKS, Drives
from ota.stick.mounting import Mounts
from ota.stick.taking import Taking, read_state

NAME = "stick"


def main() -> None:
    parser = make_parser(NAME, takes_instance=False)
    parser.add_argument("--blocks", type=Path, default=BLOCKS, help="where the kernel lists disks")
    arguments = parser.parse_args()
    own, stop = log.setup(NAME), stop_on_signals()
    try:
        settings = settings_file.load_settings(arguments.settings)
        run_dir, host = settings.unit.run_dir, Host(settings.host.systemctl)
        find_directory(run_dir).mkdir(mode=0o755, parents=True, exist_ok=True)
        find_place(run_dir).mkdir(mode=0o755, exist_ok=True)
        Taking(
            run_dir,
            SystemClock(),  # people are as slow in a demonstration that runs fast
            host,
            Drives(arguments.blocks),
            Mounts(find_place(run_dir)),
            stop,
            own,
            lambda: read_state(host),
        ).run()
    except ApplianceError as error:
        own.warning(str(error), error.message_id, fault=error.code)
        sys.exit(find_exit_code(error))


if __name__ == "__main__":
    main()
