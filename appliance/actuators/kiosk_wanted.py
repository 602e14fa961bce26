"""Whether the touchscreen is to show the page: `python -m appliance.actuators.kiosk_wanted`.

PID 1 asks it before it starts appliance-kiosk.service (`ExecCondition=`).

Reads: the settings, whether the image has a touchscreen, which displays the kernel knows, whether
[switch.screen] is on. Writes: one sentence.
Never: starts a browser where nobody could see it, or while its energy is switched off.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from appliance import log
from appliance.actuators.usual_settings import choose_or_usual
from appliance.process.host import TIMEOUT_S
from appliance.process.service import make_parser
from appliance.process.touchscreen import BUILT_IN, is_shown
from appliance.settings import Settings

NAME, SCREEN = "kiosk", "screen"
DISPLAYS = Path("/sys/class/drm")
NOT_WANTED = 1  # PID 1 leaves the service down, and calls that no failure


def main() -> None:
    """Exit codes: 0 it is to be shown, 1 it is not, and why."""
    parser = make_parser(NAME, takes_instance=False)
    parser.add_argument("--displays", type=Path, default=DISPLAYS, help="where the kernel has them")
    asked = parser.parse_args()
    own = log.setup(NAME)
    reason = find_objection(choose_or_usual(asked.settings).settings, asked.displays, is_screen_on)
    own.info(f"not shown: {reason}" if reason else "the page is shown on the display")
    sys.exit(NOT_WANTED if reason else 0)


def find_objection(
    settings: Settings,
    displays: Path,
    is_on: Callable[[str], bool],
    built_in: Path = BUILT_IN,
) -> str:
    """Why it is not shown; "" where it is. `is_on`: whether the switch of the screen is."""
    if not is_shown(settings, built_in):
        return "`enabled` under [kiosk] in the settings is false"
    if not has_display(displays):
        return "no display is connected"
    if SCREEN in settings.switch and not is_on(settings.host.systemctl):
        return "[switch.screen] is off: it is switched on when there is energy for it"
    return ""


def has_display(displays: Path) -> bool:
    """Whether the kernel knows one that is connected."""
    for status in displays.glob("card*-*/status"):
        if status.read_text().strip() == "connected":
            return True
    return False


def is_screen_on(systemctl: str) -> bool:
    words = [systemctl, "is-active", "--quiet", f"appliance-switch@{SCREEN}.service"]
    try:
        return subprocess.run(words, timeout=TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


if __name__ == "__main__":
    main()
