"""unitctl and its terminal: an output that ends early, version, watching, completion."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import pytest

from appliance.commands import completion, status
from appliance.errors import StoreError
from appliance.model import ServiceState
from tests.appliance.commands.test_unitctl import run_unitctl
from tests.appliance.commands.typed_unit import Unit
from tests.conftest import ROOT
from tests.scenes import filled


def start(words: Sequence[str], out: int | IO[Any], **environment: str) -> tuple[int, str]:
    """Exit code and standard error of `unitctl WORDS` whose standard output is `out`."""
    done = subprocess.run(
        [sys.executable, "-m", "appliance", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=out,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("words", [["status"], ["--help"], ["--version"], ["events", "--json"]])
def test_a_full_disk_is_one_line_and_code_1(unit: Unit, words: list[str], buffered: str) -> None:
    filled.fill(unit.open_as)
    own = [] if words[0].startswith("--") else ["--settings", str(unit.settings)]
    with open("/dev/full", "wb") as full:
        code, err = start([*words, *own], full, PYTHONUNBUFFERED=buffered)
    assert (code, err) == (1, "unitctl: the output stops: No space left on device\n")


def test_a_reader_that_has_enough_is_no_error(unit: Unit) -> None:
    filled.fill(unit.open_as)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        assert start(["status", "--settings", str(unit.settings)], out) == (0, "")


def test_a_closed_output_is_no_error(unit: Unit) -> None:
    command = f'exec "{sys.executable}" -m appliance settings --settings "{unit.settings}" >&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_lacks_a_character_gets_its_escape(unit: Unit) -> None:
    unit.settings.write_text("[unit]\nname = 'Grăjduri'\n", encoding="utf-8")
    out = unit.directory / "out"
    with out.open("wb") as file:
        code, err = start(
            ["settings", "--settings", str(unit.settings)], file, PYTHONIOENCODING="ascii"
        )
    assert (code, err) == (0, "")
    assert b"Gr\\u0103jduri" in out.read_bytes()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_unitctl(["--version"], capsys)
    assert (code, err) == (0, "")
    assert out.startswith("unitctl ")
    assert out.split()[1][0].isdigit()


def test_an_unknown_action_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run_unitctl(["models", "lsit"], capsys)
    assert (code, out) == (2, "")
    assert "'lsit' is not an action of unitctl models; did you mean 'list'?" in err


# --- status --watch --------------------------------------------------------------------------


def test_the_status_is_shown_again_and_again_until_ctrl_c(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.fill(unit.open_as)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(status, "sleep", wait)
    code, out, err = unit.type("status", "--watch", "2")
    assert (code, err, waits) == (130, "", [2, 2, 2])
    assert out.count("FULL, up to 25 W") == 3
    assert "\x1b" not in out, "a pipe's screen is not cleared"


def test_watching_outlasts_a_database_that_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    screens = iter((StoreError("the database is away"), None))
    waits = iter((None, KeyboardInterrupt()))

    def show() -> None:
        if error := next(screens):
            raise error
        print("all well")

    def wait(_: float) -> None:
        if error := next(waits):
            raise error

    with pytest.raises(KeyboardInterrupt):
        status.watch(show, 1, wait)
    assert capsys.readouterr().out == "the database is away\n\nall well\n\n"


# --- completion ------------------------------------------------------------------------------


def complete(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in ("unitctl", *words))
    asked = (
        f". '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _unitctl; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_actions_and_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "unitctl"
    script.write_text(run_unitctl(["completion", "bash"], capsys)[1])
    assert complete(script, "st") == ["status"]
    assert complete(script, "events", "--c") == ["--camera"]
    assert complete(script, "events", "er") == ["erase"]
    assert complete(script, "--settings", "/x/unit.toml", "models", "l") == ["list"]
    assert complete(script, "status", "--watch", "") == [], "nobody can guess a value"
    assert complete(script, "completion", "z") == ["zsh"]


def test_the_scripts_name_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in completion.SHELLS:
        code, out, _ = run_unitctl(["completion", shell], capsys)
        assert code == 0
        for name in ("status", "cameras why", "energy what-if", "models bench", "power probe"):
            assert f'"unitctl {name}"' in out


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_reads_its_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "_unitctl"
    script.write_text(run_unitctl(["completion", "zsh"], capsys)[1])
    subprocess.run(["zsh", "-n", str(script)], check=True)


def test_nothing_is_said_twice_and_an_old_report_has_its_time(unit: Unit) -> None:
    power = unit.open_as("power")
    now = power.clock.stamp()
    reason = "FULL: SOC 98 +- 2 %, the battery is full and PV power is curtailed, surplus available"
    power.add(replace(filled.budget(now), reason=reason, sun_is_free=True))
    earlier = replace(now, utc=now.utc - timedelta(hours=2), uptime_s=now.uptime_s - 7200)
    unit.open_as("plan").add(ServiceState(earlier, "plan", "planned 72 h"))
    power.publish_status("power", "all is read")
    text = unit.type("status")[1]
    assert text.count("surplus available") == 1
    assert f"planned 72 h (reported {earlier.utc:%a %H:%M})" in text
    assert "all is read\n" in text


def test_a_shell_that_is_not_known_is_not_called_an_action(
    capsys: pytest.CaptureFixture[str],
) -> None:
    err = run_unitctl(["completion", "fish"], capsys)[2]
    assert "'fish' is not a SHELL of unitctl completion; known: bash, zsh" in err
