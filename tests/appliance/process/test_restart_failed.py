"""After a change of the settings, what ended because of them is started again, and nothing else."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.process.restart_failed import main, restart_failed
from appliance.settings import HostSettings, Settings

SYSTEMCTL = """#!{python}
import sys
STATUS = {status!r}
words = [w for w in sys.argv[1:] if not w.startswith("-")]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
if words[0] == "list-units":
    for unit in STATUS:
        print(unit, "loaded", "failed", "failed", "what it is")
if words[0] == "show":
    print(STATUS[words[1]])
"""
STATUS = {
    "appliance-power.service": 2,
    "appliance-sensors.service": 1,
    "appliance-mqtt.service": 2,
    "appliance-camera@front.service": 2,
    "appliance-camera@rear.service": 0,
    "appliance-switch@modem.service": 2,
    "appliance-gpu-limit@100.service": 2,
    "appliance-plan.service": 2,
    "ssh.service": 2,
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def unit(settings: Settings, tmp_path: Path, log: Path) -> Settings:
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL.format(python=sys.executable, status=STATUS, log=str(log)))
    program.chmod(0o755)
    settings.path.write_text(f'[host]\nsystemctl = "{program}"\n')
    return replace(settings, host=HostSettings(systemctl=str(program)))


def list_starts(log: Path) -> list[str]:
    return [line.split()[1] for line in log.read_text().splitlines() if line.startswith("start ")]


def test_only_resident_services_that_ended_with_2_are_started_again(
    unit: Settings, log: Path
) -> None:
    started = [
        "appliance-power.service",
        "appliance-mqtt.service",
        "appliance-camera@front.service",
    ]
    assert restart_failed(unit).endswith(f"is valid now: {', '.join(started)} started again")
    assert list_starts(log) == started


def test_settings_that_are_still_broken_start_nothing(unit: Settings, log: Path) -> None:
    unit.path.write_text("[battery]\ncapacity_wh = -1\n")
    with pytest.raises(SystemExit) as ended:
        main(unit.path)
    assert ended.value.code == 2
    assert not log.exists()


def test_where_nothing_had_ended_it_says_how_the_change_is_used(
    settings: Settings, tmp_path: Path
) -> None:
    silent = replace(settings, host=HostSettings(systemctl="/bin/true"))
    assert "systemctl restart appliance.target" in restart_failed(silent)


def test_a_pid_one_that_does_not_answer_is_one_sentence(settings: Settings) -> None:
    deaf = replace(settings, host=HostSettings(systemctl="/bin/false"))
    with pytest.raises(HostError, match="PID 1 does not say"):
        restart_failed(deaf)


def test_bytes_that_are_no_text_are_no_error(unit: Settings, tmp_path: Path) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nprintf 'sshd\\377.service failed\\n'\n")
    assert "is valid" in restart_failed(unit)
