"""The command line of the unit on a laptop: mistakes are sentences, and start nothing."""

import socket
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from provisioning import __main__ as command
from provisioning.laptop import Laptop, Wish, move_aside


def test_a_duration_is_read_as_people_write_it() -> None:
    assert command.parse_duration("45s") == 45
    assert command.parse_duration("4min") == 240
    assert command.parse_duration("24h") == 86_400


@pytest.mark.parametrize("text", ["", "4", "0min", "3 days", "25h", "5s"])
def test_a_duration_out_of_reason_is_refused_in_words(text: str) -> None:
    with pytest.raises(SettingsError, match="such as 45s or 4min"):
        command.parse_duration(text)


def test_a_port_in_use_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as exit_:
            command.main(["--port", str(port), "--dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_run_before_is_kept_aside(tmp_path: Path) -> None:
    run = tmp_path / "run"
    move_aside(run)
    (run / "unit.db").write_text("yesterday")
    move_aside(run)
    assert not list(run.iterdir())
    assert (tmp_path / "run.previous/unit.db").read_text() == "yesterday"


def test_the_laptops_settings_are_valid_and_shared_by_all_processes(tmp_path: Path) -> None:
    laptop = Laptop(Wish(day_s=240, port=8123, directory=tmp_path / "run"))
    assert laptop.settings.clock.speed == pytest.approx(360)
    assert laptop.settings.web.port == 8123
    assert Path(laptop.settings.camera["demo"].source).exists()
    assert Path(laptop.settings.inference.model).exists()
    laptop.stop()
