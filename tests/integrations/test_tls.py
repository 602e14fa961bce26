"""What others find in the TLS of the proxy: sslyze, with Mozilla's recommendation as the grade, and
testssl.sh.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.proxy.prepared import AUTHORITY
from tests.appliance.proxy.conftest import Front, Teller, needs_nginx
from tests.conftest import ROOT

pytestmark = needs_nginx
SSLYZE = ROOT / "build/sslyze"
TESTSSL = shutil.which("testssl") or shutil.which("testssl.sh")
FINE = {"OK", "INFO", "WARN"}  # WARN: what testssl itself could not try
# What a unit cannot have, and why it needs not.
KNOWN = {
    "cert_revocation": "an authority of one unit is removed from the phone, not revoked",
    "DNS_CAArecord": "the unit's names are in no public name server",
    "HSTS": "only with the owner's certificate (decision 0060)",
}
LIMIT_S = 600


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with ExitStack() as opened:
        made = Front(tmp_path, opened)
        opened.enter_context(made.unit)
        page = Teller(made, opened)
        try:
            assert made.ask().status == 200
            yield made
        finally:
            page.close()


def run_sslyze(front: Front, config: str, address: str) -> subprocess.CompletedProcess[str]:
    authority = str(front.web.tls_dir / AUTHORITY)
    words = [sys.executable, "-m", "sslyze", f"--mozilla_config={config}"]
    return subprocess.run(
        [*words, "--certinfo_ca_file", authority, address],
        env=os.environ | {"PYTHONPATH": str(SSLYZE)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.skipif(not SSLYZE.is_dir(), reason="needs build/sslyze (`make test-integrations`)")
def test_the_proxy_is_as_mozilla_recommends_it_for_today(front: Front) -> None:
    done = run_sslyze(front, "intermediate", f"localhost:{front.secure_port}")
    assert f"localhost:{front.secure_port}: OK - Compliant." in done.stdout, done.stdout
    assert done.returncode == 0
    assert "VULNERABLE -" not in done.stdout


@pytest.mark.skipif(not SSLYZE.is_dir(), reason="needs build/sslyze (`make test-integrations`)")
def test_what_is_not_as_recommended_would_be_told(front: Front) -> None:
    """By the stricter recommendation, which no TLS 1.2 fits."""
    done = run_sslyze(front, "modern", f"localhost:{front.secure_port}")
    assert "tls_versions" in done.stdout
    assert done.returncode == 1


@pytest.mark.skipif(TESTSSL is None, reason="needs testssl.sh (Debian package testssl.sh)")
def test_testssl_finds_nothing_but_what_a_unit_cannot_have(front: Front, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    words = ["--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1"]
    words += ["--add-ca", str(front.web.tls_dir / AUTHORITY), "--jsonfile", str(found)]
    address = f"localhost:{front.secure_port}"
    assert TESTSSL is not None
    subprocess.run([TESTSSL, *words, address], timeout=LIMIT_S, check=False, capture_output=True)
    rows = json.loads(found.read_text())
    assert len(rows) > 100
    wrong = {row["id"]: row["finding"] for row in rows if row["severity"] not in FINE}
    assert {name: text for name, text in wrong.items() if name not in KNOWN} == {}
