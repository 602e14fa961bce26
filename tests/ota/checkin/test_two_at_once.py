"""Two check-ins at once: the second one ends and says so."""

import subprocess
import sys
from pathlib import Path

from appliance import settings_file
from appliance.log import SentenceLog
from appliance.process import service
from appliance.store.tables import CHECKIN


def test_a_second_check_in_ends_while_the_first_one_runs(tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(
        '[unit]\ndata_dir = "data"\nrun_dir = "run"\n'
        '[update]\ndir = "ota"\nmirrors = ["file:///nowhere"]\n'
    )
    settings = settings_file.load_settings(path)
    lock = service.take_lock(settings, CHECKIN, SentenceLog("test"))
    words = [sys.executable, "-m", "ota.checkin", "--settings", str(path), "--now"]
    second = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    lock.release()
    assert second.returncode == service.RUNS_ALREADY, second.stderr
    third = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert third.returncode != service.RUNS_ALREADY
