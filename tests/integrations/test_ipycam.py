"""An ONVIF camera that nobody here wrote is found over multicast, asked, and offered."""

import json
import os
import subprocess
import sys

import pytest

from provisioning.free_ports import find_free_port
from tests.conftest import ROOT
from tests.integrations.ipycam_site import PASSWORD

INSTALLED = ROOT / "build/ipycam/ipycam"
UNSHARE = ["unshare", "--net"]
LIMIT_S = 60


def can_unshare() -> bool:
    """Whether this user may have a network of its own."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not INSTALLED.is_dir(), reason="needs build/ipycam (`make test-integrations`)")
@pytest.mark.skipif(not can_unshare(), reason="needs a network of its own (root)")
def test_ipycam_is_found_asked_and_offered() -> None:
    words = [*UNSHARE, sys.executable, "-m", "tests.integrations.ipycam_site"]
    done = subprocess.run(
        [*words, str(find_free_port())],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout.splitlines()[-1])
    (found,) = told["found"]
    assert found["name"] == "Yard"
    assert found["service"].endswith("/onvif/device_service")
    assert told["nobody"]["trouble"] == "needs_login"
    assert told["wrong"]["trouble"] == "wrong_login"
    assert told["right"]["facts"]["serial"] == "PY-000001"
    assert told["right"]["main"].endswith("/video_main")
    assert told["right"]["sub"].endswith("/video_sub")
    assert "does not say how far its key frames are apart" in told["right"]["advice"][0]
    assert PASSWORD.encode() not in done.stdout
