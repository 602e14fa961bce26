"""The technician's command, as a technician types it."""

import io
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from appliance.__main__ import main, make_parser
from appliance.commands import COMMANDS, export
from appliance.commands.completion import list_places
from appliance.status import status_document
from appliance.store.whole_check import find_damage
from tests.appliance.commands.typed_unit import SETTINGS, Unit
from tests.conftest import ROOT
from tests.scenes import filled


def run_unitctl(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(words)
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_a_mistyped_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run_unitctl(["statsu"], capsys)
    assert (code, out) == (2, "")
    assert err.startswith("unitctl: 'statsu' is not a command; did you mean 'status'?")


def test_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_unitctl(["--help"], capsys)
    assert code == 0
    assert [name for name in COMMANDS if not re.search(rf"^ +{name} ", out, re.MULTILINE)] == []
    assert "exit codes: 0 fine" in out
    for name in COMMANDS:
        words = run_unitctl([name, "--help"], capsys)[1].lower().split()
        assert "exit codes:" in " ".join(words)


def test_no_help_of_any_command_shows_a_doubled_sign(capsys: pytest.CaptureFixture[str]) -> None:
    for place in list_places(make_parser(), ""):
        text = run_unitctl([*place.path.split(), "--help"], capsys)[1]
        assert "%%" not in text, place.path
        assert "usage:" in text, place.path


def test_without_settings_one_sentence_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run_unitctl(["status", "--settings", str(tmp_path / "none.toml")], capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "make run" in err


def test_settings_are_understood_before_and_after_the_command(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    before = run_unitctl(["--settings", str(unit.settings), "settings"], capsys)
    assert before == unit.type("settings")
    assert before[0] == 0


def test_a_working_unit_is_shown_with_code_0(unit: Unit) -> None:
    filled.fill(unit.open_as)
    code, out, err = unit.type("status")
    assert (code, err) == (0, "")
    for part in (
        "hill 7",
        "FULL, up to 25 W: 69 % is above 60 %",
        "72 +- 3 %",
        "312 W",
        "camera demo  3.0 W (modelled)",
        "looking at demo",
        "1 in 24 h",
        "has not reported yet",
    ):
        assert part in out
    assert "\x1b" not in out, "colours in a pipe"


def test_an_open_fault_stands_on_top_with_code_1_and_without_its_secret(unit: Unit) -> None:
    filled.fill(unit.open_as)
    filled.break_camera(unit.open_as)
    code, out, _ = unit.type("status")
    assert code == 1
    assert out.startswith("1 fault. ")
    faults = out.splitlines().index("FAULTS")
    assert faults < 5, "before everything else"
    assert "rtsp://***@10.0.0.7/live gives no picture" in out.splitlines()[faults + 1]
    assert "hunter2" not in out


def test_a_unit_that_has_no_budget_is_not_well(unit: Unit) -> None:
    code, out, _ = unit.type("status")
    assert code == 1
    assert "no energy budget yet" in out


def test_json_is_the_status_document(unit: Unit) -> None:
    filled.fill(unit.open_as)
    code, out, _ = unit.type("status", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["unit"]["name"] == "hill 7"
    assert document["energy"]["level"] == "FULL"


def test_no_database_is_reported_in_one_sentence(unit: Unit) -> None:
    shutil.rmtree(unit.database.parent)
    code, out, err = unit.type("status")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "unitctl doctor" in err


def test_faults_that_are_over_are_listed_only_when_asked_for(unit: Unit) -> None:
    filled.break_camera(unit.open_as)
    assert unit.type("faults")[0] == 1
    unit.open_as("camera").clear_faults("camera@demo")
    assert unit.type("faults")[:2] == (0, "no faults\n")
    assert unit.json("faults", "--all")[0]["cleared"] is not None


def test_settings_are_printed_without_passwords_and_checked_before_use(unit: Unit) -> None:
    code, out, _ = unit.type("settings")
    assert code == 0
    assert 'source = "rtsp://***@10.0.0.7/live"' in out
    bad = unit.directory / "new.toml"
    bad.write_text("[unit]\nnmae = 'x'\n")
    code, out, err = unit.type("settings", "--check", str(bad))
    assert (code, out) == (2, "")
    assert "new.toml:2: unit.nmae" in err
    bad.write_text(SETTINGS + '[charger.main]\nport = "/dev/appliance/charger"\n')
    assert unit.type("settings", "--check", str(bad))[0] == 0


def test_the_settings_of_the_unit_are_checked_where_no_file_is_named(unit: Unit) -> None:
    with unit.settings.open("a") as file:
        file.write('[charger.main]\nport = "/dev/appliance/charger"\n')
    code, out, _ = unit.type("settings", "--check")
    assert (code, out.splitlines()[-1]) == (0, f"{unit.settings} is valid")
    with unit.settings.open("a") as file:
        file.write("sourc = 1\n")
    code, out, err = unit.type("settings", "--check")
    assert (code, out) == (2, "")
    assert "charger.main.sourc is not a known key" in err


def test_the_bundle_holds_what_a_helper_needs_and_no_secret(unit: Unit) -> None:
    filled.fill(unit.open_as)
    filled.break_camera(unit.open_as)
    picture = unit.database.parent / "snapshots/2026-04-15/e1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\xff\xd8 a face")
    code, out, _ = unit.type("export")
    assert code == 0
    assert re.fullmatch(r"unit-hill-7-\d{8}T\d{6}Z\.tar\.gz\n", out)
    files = unpacked(Path(out.strip()).read_bytes())
    assert set(files) >= {
        "unit/status.json",
        "unit/doctor.json",
        "unit/settings.toml",
        "unit/versions.json",
        "unit/events.jsonl",
        "unit/faults.jsonl",
        "unit/readings/power_reading.jsonl",
        "unit/readings/power_reading_mean.jsonl",
        "unit/readings/service_state.jsonl",
    }
    assert json.loads(files["unit/readings/power_reading.jsonl"])["pv_power_w"] == 312.0
    assert json.loads(files["unit/status.json"])["faults"]
    everything = b"".join(files.values())
    assert b"hunter2" not in everything
    assert b"a face" not in everything
    unit.type("export", "--with-snapshots", "--to", "with.tar.gz")
    assert b"a face" in unpacked(Path("with.tar.gz").read_bytes())["unit/snapshots/e1.jpg"]


def test_all_rows_are_in_the_bundle_page_by_page(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.store.pages.EXPORT_ROWS", 7)
    power = unit.open_as("power")
    power.add(*(filled.battery_state(power.clock.stamp(), float(number)) for number in range(50)))
    sql = "INSERT INTO battery_state_mean (step_s, at, rows) VALUES (?, ?, 1)"
    with power.housekeeping() as execute:
        for step_s in (300, 3600):
            for number in range(10):
                execute(sql, (step_s, f"2999-01-01T00:{number:02}:00.000Z"))
    unit.type("export", "--to", "all.tar.gz")
    files = unpacked(Path("all.tar.gz").read_bytes())
    rows = files["unit/readings/battery_state.jsonl"].splitlines()
    assert [json.loads(row)["state_of_charge_pct"] for row in rows] == list(range(50))
    assert len(files["unit/readings/battery_state_mean.jsonl"].splitlines()) == 20


def test_a_bundle_never_overwrites_a_file(unit: Unit) -> None:
    Path("mine.tar.gz").write_bytes(b"mine")
    assert unit.type("export", "--to", "mine.tar.gz")[0] == 2
    assert Path("mine.tar.gz").read_bytes() == b"mine"


def test_a_bundle_that_is_cut_never_has_its_name(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(file: Any, *_: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    others = [Path("all.tar.gz.part"), Path("unit-photos.tar.gz.part")]
    for other in others:
        other.write_bytes(b"a download")
    monkeypatch.setattr(export, "write_bundle", cut)
    Path("unit-hill-7-20260101T000000Z.tar.gz.unitctl-part").write_bytes(b"of one that was killed")
    code, out, err = unit.type("export", "--to", "all.tar.gz")
    assert (code, out) == (1, "")
    assert "No space left on device" in err
    assert sorted(path.name for path in Path.cwd().glob("*.tar.gz*")) == [
        one.name for one in others
    ]
    assert {other.read_bytes() for other in others} == {b"a download"}


def test_a_broken_database_is_no_reason_for_no_bundle(unit: Unit) -> None:
    unit.database.write_bytes(b"torn" * 4096)
    code, _, _ = unit.type("export", "--to", "broken.tar.gz")
    assert code == 0
    files = unpacked(Path("broken.tar.gz").read_bytes())
    assert b"cannot be opened" in files["unit/problems.txt"]
    assert b"damaged" in files["unit/doctor.json"]


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: f.read() for m in tar if (f := tar.extractfile(m)) is not None}


def test_a_backup_is_sound_and_the_newest_three_stay(unit: Unit) -> None:
    filled.fill(unit.open_as)
    backups = unit.database.parent / "backups"
    backups.mkdir()
    old = [backups / f"unit-2026010{day}T000000Z.db" for day in range(1, 6)]
    for path in old:
        path.write_bytes(b"old")
    (backups / "unit-holiday.db").write_bytes(b"a person's own")
    code, out, _ = unit.type("backup")
    made = Path(out.strip())
    assert code == 0
    assert find_damage(made) is None
    with sqlite3.connect(made) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone()[0] == 1
    left = {path.name for path in backups.iterdir()}
    assert left == {made.name, old[4].name, old[3].name, "unit-holiday.db"}


def test_a_backup_is_restored_while_the_unit_is_stopped_and_what_was_there_is_kept(
    unit: Unit,
) -> None:
    filled.fill(unit.open_as)
    made = unit.type("backup")[1].strip()
    unit.open_as("power").publish_status("power", "later")
    unit.close()
    code, out, _ = unit.type("backup", "--restore", made)
    assert code == 0
    assert Path(out.strip().rpartition(" ")[2]).name.startswith("unit.db.replaced-")
    assert "later" not in {one["status"] for one in unit.json("status")["services"]}
    assert unit.type("backup", "--restore", str(unit.settings))[0] == 1


def test_a_backup_that_fails_leaves_the_old_ones(unit: Unit) -> None:
    filled.fill(unit.open_as)
    unit.close()
    backups = unit.database.parent / "backups"
    backups.mkdir()
    names = {f"unit-2026010{day}T000000Z.db" for day in range(1, 6)}
    for name in names:
        (backups / name).write_bytes(b"old")
    data = bytearray(unit.database.read_bytes())
    data[4096:-4096] = b"\xa5" * (len(data) - 8192)
    unit.database.write_bytes(data)
    code, out, err = unit.type("backup")
    assert (code, out) == (1, "")
    assert "cannot be" in err
    assert {path.name for path in backups.iterdir()} == names


def test_on_a_terminal_the_same_is_shown_in_panels(unit: Unit) -> None:
    filled.fill(unit.open_as)
    filled.break_camera(unit.open_as)
    inner, outer = pty.openpty()
    command = [sys.executable, "-m", "appliance", "status", "--settings", str(unit.settings)]
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm-256color"}
    started = subprocess.Popen(command, cwd=ROOT, stdout=outer, env=environment)
    os.close(outer)
    shown = b""
    try:
        while chunk := os.read(inner, 65536):
            shown += chunk
    except OSError:  # Linux ends a pseudo-terminal so
        pass
    os.close(inner)
    assert started.wait(30) == 1
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert "╭─ FAULTS" in text
    assert "hunter2" not in text
    assert "72 +- 3 %" in text


def test_a_reader_that_has_enough_is_no_error(unit: Unit) -> None:
    inference = unit.open_as("inference")
    now = inference.clock.stamp()
    inference.add(*(filled.event(now, f"e{number}") for number in range(2000)))
    command = f"{sys.executable} -m appliance events --limit 2000 --json --settings {unit.settings}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


def test_ctrl_c_is_quiet(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(status_document, "build", interrupted)
    assert unit.type("status") == (130, "", "")


def test_rich_is_not_imported_for_a_pipe(unit: Unit) -> None:
    program = (
        "import sys\nfrom appliance.__main__ import main\n"
        f"try: main(['status', '--settings', {str(unit.settings)!r}])\n"
        "except SystemExit: sys.exit('rich' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
