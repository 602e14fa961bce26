"""Sets a Jetson's power mode by name: `python -m appliance.actuators.jetson_mode NAME`, by PID 1.

Reads: /etc/nvpmodel.conf, `nvpmodel -q`. Writes: the mode, through `nvpmodel -m`.
Never: chooses a mode that was not named, such as MAXN, and never answers yes when nvpmodel asks
whether to restart: that would end the system without a clean stop.

Modes are known by name, since their numbers differ by board. Some (other cores, other parts of the
GPU powered) only come with a restart: appliance/actuators/mode_restart.py decides when.
"""

import argparse
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from appliance.actuators.errors import PowerModeError
from appliance.actuators.mode_restart import restart_into
from appliance.actuators.oneshot import one_at_a_time, perform
from appliance.errors import SettingsError
from appliance.parsing.arguments import PATH
from appliance.settings import Settings
from appliance.wording.sentence import say

# A line of the file: < POWER_MODEL ID=2 NAME=MODE_30W >
MODEL = re.compile(r"^\s*<\s*POWER_MODEL\s+([^>]*)>", re.MULTILINE)
CURRENT = re.compile(r"^NV Power Mode:\s*(\S+)", re.MULTILINE)
# What nvpmodel prints for a mode that it cannot set now. The second is a part of the GPU that is in
# use and cannot be powered off or on (meta-tegra #1268, #1864).
NEEDS_RESTART = re.compile(r"reboot required|reboot now|_pg_mask", re.IGNORECASE)
ANSWER = "no\n"  # to its question; anything but yes will do
NVPMODEL_S = 30.0


@dataclass(frozen=True, slots=True)
class Board:
    """Where a board keeps its modes. `status` is what nvpmodel sets at the next boot."""

    nvpmodel: Path = Path("/usr/sbin/nvpmodel")
    conf: Path = Path("/etc/nvpmodel.conf")
    status: Path = Path("/var/lib/nvpmodel/status")


def set_mode(name: str, settings: Settings, board: Board) -> str:
    """Bring the board into the mode `name`, now or by a restart; returns what was done.

    Raises `PowerModeError`, and `SettingsError` for a name that the board does not know.
    """
    known = read_modes(board)
    if name not in known:
        raise SettingsError(
            say(
                "this board has no power mode {name}; [jetson] may name one of {known}",
                name=repr(name),
                known=", ".join(known),
            )
        )
    before = read_current_mode(board)
    if before == name:
        return say("the power mode is {name} already", name=name)
    output = run_nvpmodel(board, "-m", str(known[name]))
    after = read_current_mode(board)
    if after == name:
        return say("the power mode is {name}, it was {before}", name=name, before=before)
    if NEEDS_RESTART.search(output):
        return restart_into(name, known[name], after, board.status, settings)
    raise PowerModeError(
        say(
            "the power mode stays {after}: nvpmodel did not take {name} ({last_line}); try "
            "`nvpmodel -m {number}` by hand",
            after=after,
            name=name,
            last_line=find_last_line(output),
            number=known[name],
        )
    )


def read_modes(board: Board) -> dict[str, int]:
    """The board's modes with their numbers, in the order of its file."""
    try:
        text = board.conf.read_text(errors="replace")
    except OSError as error:
        raise PowerModeError(
            say(
                "there are no power modes: {conf}: {cause}; leave [jetson] out of the settings "
                "of a unit that is not a Jetson",
                conf=board.conf,
                cause=error.strerror,
            )
        ) from error
    found = {}
    for words in MODEL.findall(text):
        keys = dict(word.split("=", 1) for word in words.split() if "=" in word)
        if keys.get("NAME") and keys.get("ID", "").isdecimal():
            found[keys["NAME"]] = int(keys["ID"])
    if not found:
        raise PowerModeError(
            say("{conf} names no power mode; check whether it is nvpmodel's", conf=board.conf)
        )
    return found


def read_current_mode(board: Board) -> str:
    """The name of the mode that the board is in; "unknown" where nvpmodel does not print it."""
    found = CURRENT.search(run_nvpmodel(board, "-q"))
    return found[1] if found else "unknown"


def run_nvpmodel(board: Board, *words: str) -> str:
    """The output of nvpmodel, whatever its exit code: it fails also where it only asks."""
    try:
        done = subprocess.run(
            [board.nvpmodel, *words],
            input=ANSWER,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=NVPMODEL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PowerModeError(
            say(
                "{nvpmodel} did not run: {error}; it is part of JetPack's nvidia-l4t-nvpmodel",
                nvpmodel=board.nvpmodel,
                error=error,
            )
        ) from error
    return done.stdout


def find_last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1] if lines else say("it printed nothing")


def set_in_turn(name: str, settings: Settings) -> str:
    with one_at_a_time(settings, "jetson-mode"):
        return set_mode(name, settings, Board())


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="jetson_mode", description="Sets the power mode.")
    parser.add_argument("name", help="as `nvpmodel -q` shows it, such as MODE_30W")
    parser.add_argument("--settings", type=PATH, help="settings file (default: as documented)")
    asked = parser.parse_args(words)
    perform("jetson-mode", asked.settings, lambda own: set_in_turn(asked.name, own))


if __name__ == "__main__":
    main()
