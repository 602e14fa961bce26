"""Check: can the updater of the app on trial start, read its journal and its trust?

Reads and writes: runs `python -m ota.checkin --self-test` of the app on trial.
Never: lets a release through that could not take the next one, or could not reach it.
"""

import os
import subprocess
import sys
from pathlib import Path

from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten
from ota.health.sight import Items, Sight

NAME, LINK = "updater", say("updater's way to a mirror")
CONTACT = "--contact"
LONGEST_S = 60.0  # real seconds


def look(sight: Sight) -> Items:
    if sight.app is None:
        return {NAME: "", LINK: try_start(sight, CONTACT)}
    wrong = try_start(sight, app=sight.app)
    if wrong or not (cut_off := try_start(sight, CONTACT, app=sight.app)):
        return {NAME: wrong, LINK: wrong}
    # The link may be gone by now: the program before the trial is asked at the same time.
    return {NAME: ""} if try_start(sight, CONTACT) else {NAME: "", LINK: cut_off}


def try_start(sight: Sight, *words: str, app: Path | None = None) -> str:
    """Why the updater does not start, "" where it does; `app`: that layer's, None: this program."""
    search = os.environ.get("PYTHONPATH", "")
    path = search if app is None else os.pathsep.join((str(app), search))
    command = [sys.executable, "-m", "ota.checkin", "--self-test", *words]
    command += ["--settings", str(sight.settings.path)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return say("it did not start within {longest_s:g} s", longest_s=LONGEST_S)
    except OSError as error:
        return say("it does not start: {error}", error=error)
    if not done.returncode:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return make_printable(shorten(lines[-1] if lines else str(done.returncode), 200))
