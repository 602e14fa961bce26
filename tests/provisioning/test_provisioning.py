"""The command line of the unit on a laptop: mistakes are sentences, and start nothing."""

import errno
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import HostError
from provisioning import command, runner
from provisioning import laptop as laptop_module
from provisioning.board import NOT_OF_THE_UNIT, SIMULATED_CAMERAS
from provisioning.laptop import RTSP_CAMERAS, Laptop, RunRequest
from provisioning.run_directory import CONF, claim_directory, move_aside, wait_for_end_of_killed_run
from provisioning.runner import Program
from sensors.camera.sources.opening import read_password

HOSTILE = ("", "nan", "-1", "9" * 5000, "1e999", "x", "a\nb", "\udcff")
OUT_OF_REASON = {
    "--day": (*HOSTILE, "4", "0min", "3 days", "25h", "5s"),
    "--days": (*HOSTILE, "0", "1001"),
    "--port": (*HOSTILE, "65536", "99999"),
    "--cameras": (*HOSTILE, "0", "9"),
    "--seed": HOSTILE,
    "--charger": HOSTILE,
    "--bms": HOSTILE[1:],
    "--quirk": HOSTILE,
    "--dir": ("", "a\nb", "x" * 300, "/proc/x/y", "/dev/null/x", "/dev/full/x", '/tmp/a"b'),
}


@pytest.mark.parametrize("option", OUT_OF_REASON)
def test_what_makes_no_sense_is_one_line_and_starts_nothing(
    option: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "Laptop", lambda _: pytest.fail("it was started"))
    for value in OUT_OF_REASON[option]:
        words = [f"{option}={value}"]
        if option == "--dir":
            monkeypatch.undo()  # the directory is tried
        else:
            words += ["--dir", str(tmp_path / "run")]
        with pytest.raises(SystemExit) as left:
            command.main([*words, "--port=0"] if option != "--port" else words)
        message = capsys.readouterr().err
        assert left.value.code in (1, 2), value
        lines = [line for line in message.splitlines() if "usage:" not in line and line[0] != " "]
        assert len(lines) == 1, message
        assert len(lines[0]) < 1500


def test_the_command_to_copy_is_quoted(tmp_path: Path) -> None:
    text = command.format_status_command(tmp_path / "my unit/it's/unit.toml")
    assert shlex.split(text)[1:] == ["--settings", f"{tmp_path}/my unit/it's/unit.toml", "status"]


def test_an_output_that_belongs_to_another_user_is_replaced_by_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STANDARD_OUTPUT", tmp_path / "none" / "1")
    laptop = Laptop(RunRequest(day_s=240, port=8123, directory=tmp_path / "100 % run"))
    assert laptop.runner.output == tmp_path / "100 % run/output.log"
    conf = (tmp_path / "100 % run/processes.conf").read_text()
    assert f"stdout_logfile={tmp_path}/100 %% run/output.log" in conf
    laptop.stop()


def test_a_second_run_in_one_directory_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim_directory(tmp_path / "run"), pytest.raises(SystemExit) as left:
        command.main(["--port", "0", "--dir", str(tmp_path / "run")])
    assert left.value.code == 1
    message = capsys.readouterr().err
    assert f"another run uses {tmp_path}/run: stop it" in message
    assert message.count("\n") == 1
    with claim_directory(tmp_path / "run"):
        pass


def test_what_a_killed_run_leaves_is_waited_for_and_named(tmp_path: Path) -> None:
    conf = str(tmp_path / "run" / CONF)
    program = "import sys; print(flush=True); sys.stdin.read()"
    left = subprocess.Popen([sys.executable, "-c", program, conf], stdin=-1, stdout=-1)
    assert left.stdout is not None
    left.stdout.readline()  # before, its command line may not be there yet
    try:
        with pytest.raises(HostError, match=f"do not end: kill {left.pid}"):
            wait_for_end_of_killed_run(tmp_path / "run", patience_s=0.0)
    finally:
        left.communicate()
    wait_for_end_of_killed_run(tmp_path / "run", patience_s=0.0)


def test_a_port_in_use_is_reported_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as exit_:
            command.main(["--port", str(port), "--dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    message = capsys.readouterr().err
    assert f"port {port} is in use" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_run_before_is_kept_aside(tmp_path: Path) -> None:
    run = tmp_path / "run"
    move_aside(run)
    (run / "unit.db").write_text("yesterday")
    move_aside(run)
    assert not list(run.iterdir())
    assert (tmp_path / "run.previous/unit.db").read_text() == "yesterday"


def test_what_gives_orders_stops_first_lest_a_plan_is_made_without_the_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = Laptop(RunRequest(day_s=240, port=8123, directory=tmp_path / "run"))
    stopped: list[str] = []
    monkeypatch.setattr(laptop.runner, "stop_program", stopped.append)
    laptop.stop()
    assert stopped == ["board", "timers", "appliance-power"]


def test_the_laptops_settings_are_valid_and_shared_by_all_processes(tmp_path: Path) -> None:
    laptop = Laptop(RunRequest(day_s=240, port=8123, directory=tmp_path / "run"))
    assert laptop.settings.clock.speed == pytest.approx(360)
    assert laptop.settings.web.port == 8123
    assert Path(laptop.settings.camera["demo"].source).exists()
    assert Path(laptop.settings.inference.model).exists()
    laptop.stop()


def test_eight_cameras_are_sections_with_streams_one_with_its_password_in_a_file(
    tmp_path: Path,
) -> None:
    laptop = Laptop(RunRequest(day_s=240, port=8123, directory=tmp_path / "run", cameras=8))
    cameras = laptop.settings.camera
    assert len(cameras) == 8
    assert all(own.source.startswith("rtsp://127.0.0.1:") for own in cameras.values())
    assert all(own.source.endswith(f"/{name}") for name, own in cameras.items())
    assert all(own.allow_local for own in cameras.values())
    locked = cameras["gate"]
    assert locked.password_file is not None
    assert read_password(locked.password_file)
    assert locked.password_file.stat().st_mode & 0o077 == 0
    conf = (tmp_path / "run/processes.conf").read_text()
    assert read_password(locked.password_file) not in conf
    assert conf.count("[program:appliance-cameras@sentinel]") == 1
    assert "[program:appliance-camera@" not in conf
    world = [program for program in laptop._list_programs() if program.stops_last]
    assert [program.name for program in world] == ["plant", SIMULATED_CAMERAS]
    assert {program.name for program in world} < set(NOT_OF_THE_UNIT)
    laptop.stop()


def test_missing_packages_of_simulated_cameras_are_named_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = (sys.executable, "-c", "import sys; sys.modules['gi'] = None; exec(open(%r).read())")
    script = server[2] % str(RTSP_CAMERAS[1])
    monkeypatch.setattr(laptop_module, "RTSP_CAMERAS", (*server[:2], script))
    with pytest.raises(SystemExit) as exit_:
        command.main(["--cameras", "8", "--port", "0", "--dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    message = capsys.readouterr().err
    assert "apt install gir1.2-gst-rtsp-server-1.0" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_without_the_simulators_it_ends_with_one_sentence() -> None:
    """They are not installed on a unit."""
    program = (
        "import sys; sys.modules['provisioning.simulated'] = None; "
        "from provisioning.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("provisioning: provisioning.simulated")
    assert "is not installed here" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO])
@pytest.mark.parametrize("word", ["The unit runs", "stopped"])
def test_a_terminal_that_closes_while_something_is_printed_is_no_error(
    monkeypatch: pytest.MonkeyPatch, number: int, word: str
) -> None:
    """The kernel's signal may come after the line that can no longer be printed."""
    discarded: list[bool] = []

    def say(*_: object, **__: object) -> None:
        raise OSError(number, "nobody reads")

    def run(_: object) -> None:
        if word == "stopped":
            raise KeyboardInterrupt
        say()

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(command, "discard_output", lambda: discarded.append(True))
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr("builtins.print", say)
    command.main([])
    assert discarded


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO])
def test_a_line_that_nobody_reads_stops_the_run_and_no_signal_breaks_that_off(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    heeded = set(command.STOP_SIGNALS)

    def say(*_: object, **__: object) -> None:
        raise OSError(number, "nobody reads")

    monkeypatch.setattr(signal, "signal", lambda one, _: heeded.discard(one))
    monkeypatch.setattr(command, "discard_output", lambda: None)
    monkeypatch.setattr("builtins.print", say)
    with pytest.raises(KeyboardInterrupt):
        command.announce("The unit runs.")
    assert heeded == set()


def test_no_release_replaces_what_stands_in_for_the_machine() -> None:
    own = Program("timers", [sys.executable, "-m", "provisioning.timers"], "always")
    service = Program("appliance-power", [sys.executable, "-m", "power"], "always")
    assert runner.format_environment(own) == f'environment=PYTHONPATH="{runner.ROOT}"\n'
    assert runner.format_environment(service) == "", "that of all: the release first"
