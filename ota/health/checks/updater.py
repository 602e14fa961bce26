"""Check: can the updater of the app on trial start, read its journal and its trust?

Reads and writes: runs `python -m ota.checkin --self-test` of the app on trial.
Never: lets a release through that could not take the next one.
"""

import os
import subprocess
import sys

from appliance.wording.shorten import shorten
from ota.health.sight import Items, Sight

NAME = "updater"
LONGEST_S = 60.0  # real seconds


def look(sight: Sight) -> Items:
    if sight.app is None:
        return {NAME: ""}
    path = os.pathsep.join((str(sight.app), os.environ.get("PYTHONPATH", "")))
    command = [sys.executable, "-m", "ota.checkin", "--self-test"]
    command += ["--settings", str(sight.settings.path)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {NAME: f"it does not start: {error}"}
    text = done.stderr.decode(errors="replace").strip().splitlines()
    return {
        NAME: shorten(text[-1] if text else str(done.returncode), 200) if done.returncode else ""
    }
