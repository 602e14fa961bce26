"""Every example of docs/integrations.md does on a real server what the page says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.access.database import AccessFile
from appliance.access.roles import Role
from appliance.access.tokens import add_token
from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.model import EnergyLevel
from appliance.settings import PATH_VARIABLE
from tests.appliance.web.test_web import event
from tests.conftest import ROOT
from tests.integrations.conftest import LIMIT_S, OpenAs
from tests.scenes import filled
from tests.stand_ins.certificates import make_certificate
from tests.waiting import wait_until

PAGE = (ROOT / "docs/integrations.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
UNIT = "https://unit.local"


def find(words: str) -> str:
    """The one example with these words."""
    (found,) = (text for _, text in BLOCKS if words in text)
    return str(found)


@pytest.fixture
def shell(unit: Path, tmp_path: Path, address: str, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a shell on the unit, with the programs of the page."""
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    programs = tmp_path / "programs"
    programs.mkdir()
    datasette = f'#!/bin/sh\nexec {sys.executable} -m datasette "$@"\n'
    (programs / "datasette").write_text(datasette)
    (programs / "datasette").chmod(0o755)
    for name in ("unitctl", "sqlite-utils"):
        (programs / name).write_text(
            f'#!/bin/sh\nunset PYTHONPATH\nexec {Path(sys.executable).parent / name} "$@"\n'
        )
        (programs / name).chmod(0o755)
    return {**environment, PATH_VARIABLE: str(unit), "PATH": f"{programs}:{os.environ['PATH']}"}


def run(text: str, address: str, shell: dict[str, str], directory: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text.replace(UNIT, address)],
        check=False,
        env=shell,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def identified(unit: Path, tmp_path: Path) -> Path:
    """A directory with the two files that a program of another machine needs."""
    file = AccessFile(settings_file.load_settings(unit).access_file, SystemClock())
    (tmp_path / "token").write_text(add_token(file, "home-assistant", Role.VIEWER) + "\n")
    shutil.copy(make_certificate(tmp_path).certificate, tmp_path / "authority.crt")
    return tmp_path


@pytest.mark.processes
def test_the_examples_for_a_shell(
    address: str, shell: dict[str, str], identified: Path, tmp_path: Path
) -> None:
    status = run(find("summary.sentence"), address, shell, tmp_path).splitlines()
    assert status[1:] == ["72", "FULL"]
    (line,) = run(find("@csv"), address, shell, tmp_path).splitlines()
    assert line.split(",")[1:] == ['"demo"', '"person"', "0.81", '"e1"']
    run(find("unitctl backup"), address, shell, tmp_path)
    table = run(find("sqlite-utils --table"), address, shell, tmp_path)
    assert re.search(r"demo +person +1\b", table)
    assert '"is_mutable": false' in run(find("datasette --immutable"), address, shell, tmp_path)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_the_examples_for_prometheus() -> None:
    assert run(find("promtool"), "", dict(os.environ), ROOT).rstrip().endswith("SUCCESS")


@pytest.fixture
def script(address: str, identified: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The script of the page, in its own directory."""
    text = find("import urllib").replace(UNIT, address)
    words = [sys.executable, "-c", text]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.processes
def test_the_script_is_told_what_happens_and_goes_on_where_it_stopped(
    script: subprocess.Popen[str], open_as: OpenAs, address: str, tmp_path: Path
) -> None:
    kept = tmp_path / "position.txt"
    wait_until(kept.exists, "the first position")
    open_as("inference").add(event(SystemClock().stamp(), 5))
    assert script.stdout
    assert script.stdout.readline().endswith(" person at demo\n")
    wait_until(lambda: ".2-" in kept.read_text(), "the position after it")
    script.kill()
    open_as("power").add(filled.budget(SystemClock().stamp(), EnergyLevel.ECO))
    open_as("power").raise_fault("power", CameraError("the charger is silent"))
    text = find("import urllib").replace(UNIT, address)
    with subprocess.Popen(
        [sys.executable, "-c", text], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as again:
        assert again.stdout
        told = sorted(again.stdout.readline().partition(" ")[2] for _ in range(2))
        again.kill()
    assert [one.split(" the ")[0] for one in told] == ["FULL to ECO 69 % is above 60 %,", "fault"]


def test_no_example_of_the_page_is_left_out() -> None:
    tried = (
        *("access token add", "promtool", "summary.sentence", "@csv", "import urllib"),
        *("unitctl backup", "sqlite-utils --table", "datasette --immutable"),
    )
    assert sorted(text for _, text in BLOCKS) == sorted(find(words) for words in tried)
