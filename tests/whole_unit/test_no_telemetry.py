"""Nothing of the unit asks a host that the settings do not name."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MODEL, ROOT

WATCHED = ROOT / "tests/stand_ins/watched_network.py"
NAMESPACES = ["unshare", "--map-root-user", "--net", "--mount", "--"]
if os.geteuid() == 0:
    NAMESPACES.remove("--map-root-user")
PRODUCT = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
UNWANTED = ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY")
OPEN_MODEL = (
    "import sys; from pathlib import Path; "
    "from inference.detection.model_card import read_verified_card; "
    "from inference.detection.sessions import SessionSettings, open_session; "
    "model = Path(sys.argv[1]); open_session(model, read_verified_card(model), SessionSettings())"
)


def can_watch() -> bool:
    """Whether this computer lets us make a network of our own (many containers do not)."""
    if shutil.which("unshare") is None:
        return False
    with tempfile.NamedTemporaryFile() as report:
        probe = [*NAMESPACES, sys.executable, str(WATCHED), report.name, "true"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0


needs_namespaces = pytest.mark.skipif(
    not can_watch(), reason="this computer allows no network namespaces (unshare --net --mount)"
)


def make_environment(home: Path) -> dict[str, str]:
    """Ours with another home, and without what a test that ran here before has set."""
    ours = {key: value for key, value in os.environ.items() if key not in UNWANTED}
    return {**ours, "HOME": str(home), "PYTHONPATH": str(ROOT)}


def watch(directory: Path, *command: str) -> dict[str, Any]:
    """The names and addresses for which a command asked."""
    report = directory / "report.json"
    words = [*NAMESPACES, sys.executable, str(WATCHED), str(report), *command]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=make_environment(directory),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def test_opening_a_model_leaves_no_trace_of_telemetry(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)
    command = [sys.executable, "-c", OPEN_MODEL, str(MODEL)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == [], "a device id, a queue of reports"


def test_onnxruntime_is_loaded_in_one_place() -> None:
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            if path.relative_to(ROOT).as_posix() != "inference/detection/runtime.py":
                assert not loads_onnxruntime(path), path


def loads_onnxruntime(path: Path) -> bool:
    """Whether a file imports it when it runs (an import for types alone does not)."""
    tree = ast.parse(path.read_text())
    for node in [one for one in ast.walk(tree) if isinstance(one, ast.If)]:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
        )
    ]
    return any(name.partition(".")[0] == "onnxruntime" for name in names)


@needs_namespaces
def test_the_watch_sees_a_name_and_an_address_that_are_asked(tmp_path: Path) -> None:
    asked = (
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('www.example.com', 80)\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.7', 9))\n"
    )
    found = watch(tmp_path, sys.executable, "-c", asked)
    assert "www.example.com" in found["names"]
    assert found["addresses"] == ["198.51.100.7"]


@needs_namespaces
@pytest.mark.processes
@pytest.mark.long
def test_a_run_of_the_unit_asks_nobody(tmp_path: Path) -> None:
    """Half a simulated day in 20 s: twice as long as it takes ONNX Runtime to report."""
    words = ["--day", "40s", "--days", "0.5", "--port", "0", "--dir", str(tmp_path / "run")]
    found = watch(tmp_path, sys.executable, "-m", "provisioning", *words)
    assert found == {"names": [], "addresses": []}
