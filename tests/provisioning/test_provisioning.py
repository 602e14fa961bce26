"""The command line of the unit on a laptop: mistakes are sentences, and start nothing."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from provisioning import command
from provisioning import laptop as laptop_module
from provisioning.board import NOT_OF_THE_UNIT, SIMULATED_CAMERAS
from provisioning.laptop import RTSP_CAMERAS, Laptop, RunRequest, move_aside
from sensors.camera.sources.opening import read_password


def test_a_duration_is_read_as_people_write_it() -> None:
    assert command.parse_duration("45s") == 45
    assert command.parse_duration("4min") == 240
    assert command.parse_duration("24h") == 86_400


@pytest.mark.parametrize("text", ["", "4", "0min", "3 days", "25h", "5s"])
def test_a_duration_out_of_reason_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match="such as 45s or 4min"):
        command.parse_duration(text)


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
    assert conf.count("[program:appliance-camera@") == 8
    world = [program for program in laptop._list_programs() if program.stops_last]
    assert [program.name for program in world] == ["plant", SIMULATED_CAMERAS]
    assert {program.name for program in world} < set(NOT_OF_THE_UNIT)
    laptop.stop()


@pytest.mark.parametrize("count", ["0", "9", "-1"])
def test_a_number_of_cameras_out_of_reason_is_refused(
    count: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["--cameras", count, "--port", "0", "--dir", str(tmp_path / "run")])
    assert exit_.value.code == 2
    assert "1 to 8 cameras" in capsys.readouterr().err


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
