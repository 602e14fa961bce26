"""Two builds of one commit, compared as `make compare-images` does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SQUASHFS_BYTES = 100


def make_bundle(signature: bytes) -> bytes:
    """A squashfs, then what differs each time."""
    head = b"hsqs".ljust(40, b"\0") + SQUASHFS_BYTES.to_bytes(8, "little")
    return head.ljust(SQUASHFS_BYTES, b"x") + signature


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path]:
    files = {
        "disk": ("unit.raw", bytes(3 << 20)),
        "bundle": ("unit.raucb", make_bundle(b"one")),
        "sbom": ("unit.cdx.json", b"{}"),
    }
    first = tmp_path / "first"
    first.mkdir()
    for name, data in files.values():
        (first / name).write_bytes(data)
    listed = {kind: {"name": name, "sha256": ""} for kind, (name, _) in files.items()}
    manifest = {"release": "1", "files": listed, "debian_packages": {"apt": "3.0"}}
    (first / "manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(first, tmp_path / "second")
    return first, tmp_path / "second"


def compare(builds: tuple[Path, Path]) -> tuple[int, str]:
    words = (sys.executable, "-m", "provisioning.image.compare", *builds)
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_same_files_are_the_same(builds: tuple[Path, Path]) -> None:
    code, text = compare(builds)
    assert (code, text.splitlines()[-1]) == (0, "the same"), text


def test_the_signature_of_a_bundle_may_differ_and_its_content_may_not(
    builds: tuple[Path, Path],
) -> None:
    bundle = builds[1] / "unit.raucb"
    bundle.write_bytes(make_bundle(b"another"))
    assert compare(builds)[0] == 0
    data = bytearray(bundle.read_bytes())
    data[60] ^= 1
    bundle.write_bytes(data)
    assert compare(builds) == (1, compare(builds)[1])
    assert "bundle (unit.raucb): at byte 60" in compare(builds)[1]


def test_one_bit_of_a_disk_is_found_and_its_place_told(builds: tuple[Path, Path]) -> None:
    with (builds[1] / "unit.raw").open("r+b") as file:
        file.seek((2 << 20) + 5)
        file.write(b"\1")
    code, text = compare(builds)
    assert code == 1
    assert f"differs: disk (unit.raw): at byte {(2 << 20) + 5}" in text


def test_a_longer_file_and_another_package_are_told(builds: tuple[Path, Path]) -> None:
    with (builds[1] / "unit.raw").open("ab") as file:
        file.write(b"more")
    manifest = builds[1] / "manifest.json"
    manifest.write_text(manifest.read_text().replace("3.0", "3.1"))
    code, text = compare(builds)
    assert code == 1
    assert "3145728 and 3145732 bytes" in text
    assert "debian_packages" in text


def test_a_file_that_one_build_has_alone_is_told(builds: tuple[Path, Path]) -> None:
    manifest = json.loads((builds[1] / "manifest.json").read_text())
    del manifest["files"]["sbom"]
    (builds[1] / "manifest.json").write_text(json.dumps(manifest))
    assert "sbom: only one of the builds has it" in compare(builds)[1]


def test_what_is_no_build_is_a_wrong_argument(tmp_path: Path) -> None:
    code, text = compare((tmp_path, tmp_path))
    assert (code, "manifest.json" in text) == (2, True)
