"""What a technician gets wrong: each service ends with one clear sentence and its exit code."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import Fault
from appliance.store.store import Store
from tests.conftest import CLIP, MODEL, ROOT

pytestmark = pytest.mark.processes

WriteSettings = Callable[..., Path]


@pytest.fixture
def write_settings(tmp_path: Path) -> WriteSettings:
    """`write_settings(model=...)` writes a unit.toml that is right but for what is given."""

    def write(extra: str = "", model: Path = MODEL, data: str = "data", port: int = 8080) -> Path:
        path = tmp_path / "unit.toml"
        path.write_text(
            f'[unit]\ndata_dir = "{tmp_path / data}"\nrun_dir = "{tmp_path}"\n'
            f'[camera.demo]\nsource = "{CLIP}"\n[inference]\nmodel = "{model}"\n'
            f"[web]\nport = {port}\n{extra}"
        )
        return path

    return write


def start(module: str, settings: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *words, "--settings", str(settings)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def only_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that the process left; a traceback has more."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert "Traceback" not in done.stderr
    return lines[-1]


@pytest.mark.parametrize("module", ["power", "sensors", "inference", "appliance.web", "power.plan"])
def test_a_wrong_key_starts_nothing_and_names_line_and_neighbour(
    module: str, write_settings: WriteSettings
) -> None:
    done = start(module, write_settings("[battery]\ncapacity_w = 500\n"))
    assert done.returncode == 2
    message = only_sentence(done)
    assert "unit.toml:11: battery.capacity_w" in message
    assert "did you mean 'capacity_wh'?" in message


def test_a_missing_model_is_a_sentence_and_a_fault_on_the_page(
    write_settings: WriteSettings, tmp_path: Path
) -> None:
    done = start("inference", write_settings(model=tmp_path / "no.onnx"))
    assert done.returncode == 1
    assert "no.onnx" in only_sentence(done)
    faults = Store(tmp_path / "data/unit.db", SystemClock()).rows(Fault)
    assert [(fault.code, fault.source) for fault in faults] == [("model", "inference")]


def test_a_data_directory_that_cannot_be_written_is_reported(
    write_settings: WriteSettings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no directory")
    done = start("sensors", write_settings(data="file/data"))
    assert done.returncode == 1
    assert "file/data cannot be written" in only_sentence(done)


def test_a_page_whose_port_is_taken_says_which(write_settings: WriteSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start("appliance.web", write_settings(port=port))
    assert done.returncode == 1
    assert str(port) in only_sentence(done)


def test_a_camera_that_is_not_in_the_settings_names_those_that_are(
    write_settings: WriteSettings,
) -> None:
    done = start("sensors.camera", write_settings(), "rear")
    assert done.returncode == 2
    assert "known: demo" in only_sentence(done)
