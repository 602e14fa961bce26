"""The bills of materials of a small root, read by programs that did not write them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.image import sbom
from provisioning.image.tools import ImageError
from tests.conftest import ROOT

PROGRAMS = ROOT / "build/sbom"
READER = Path(__file__).with_name("read_sbom.py")
STATUS = """Package: {name}
Status: install ok installed
Priority: required
Section: base
Maintainer: Somebody <somebody@debian.org>
Architecture: amd64
Version: {version}
Description: {name}

"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2025 Somebody
License: MIT
"""

needs_programs = pytest.mark.skipif(
    not (PROGRAMS / "bin/debsbom").exists(), reason="needs `make build/sbom/installed`"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two packages of Debian, one of Python, and what is vendored."""
    made = tmp_path / "root"
    (made / "usr/lib/sysimage/dpkg").mkdir(parents=True)
    debian = {"libone": "1.0-2+deb13u1", "two": "1:2"}
    status = "".join(STATUS.format(name=name, version=text) for name, text in debian.items())
    (made / "usr/lib/sysimage/dpkg/status").write_text(status)
    for name in debian:
        (made / "usr/share/doc" / name).mkdir(parents=True)
        (made / "usr/share/doc" / name / "copyright").write_text(COPYRIGHT)
    packages = made / "opt/appliance/venv/lib/python3.13/site-packages"
    (packages / "three-3.0.dist-info").mkdir(parents=True)
    text = "Metadata-Version: 2.4\nName: three\nVersion: 3.0\nLicense-Expression: BSD-3-Clause\n"
    (packages / "three-3.0.dist-info/METADATA").write_text(text)
    for one in sbom.VENDORED:
        (packages / one.file).parent.mkdir(parents=True, exist_ok=True)
        (packages / one.file).write_bytes(one.name.encode())
    return made


def write(root: Path, place: Path) -> dict[str, Path]:
    place.mkdir()
    return sbom.write_sboms(root, place, programs=PROGRAMS, release="2026.11.1", epoch=1764460000)


def read(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, READER, path),
        env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_programs
def test_another_program_finds_every_package_in_it(root: Path, tmp_path: Path) -> None:
    files = write(root, tmp_path / "first")
    done = read(files["sbom"])
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(done.stdout))
    expected = {"libone": "1.0-2+deb13u1", "two": "1:2", "three": "3.0", "uPlot": "1.6.32"}
    assert expected.items() <= found.items()
    assert {one.name for one in sbom.VENDORED} <= found.keys()
    done = read(files["sbom-spdx"])
    assert done.returncode == 0, done.stderr
    assert {"libone", "two"} <= {name for name, _ in json.loads(done.stdout)}


@needs_programs
def test_it_names_licences_and_comes_out_the_same_again(root: Path, tmp_path: Path) -> None:
    first, again = write(root, tmp_path / "first"), write(root, tmp_path / "again")
    assert all(first[kind].read_bytes() == again[kind].read_bytes() for kind in first)
    tree = json.loads(first["sbom"].read_text())
    parts = {one["name"]: one for one in tree["components"] if "source" not in one.get("purl", "")}
    assert parts["three"]["licenses"][0]["license"]["id"] == "BSD-3-Clause"
    licence = {"name": "licence", "value": "/usr/share/doc/libone/copyright"}
    assert licence in parts["libone"]["properties"]
    assert parts["uPlot"]["licenses"] == [{"expression": "MIT"}]
    assert "/root/" not in first["sbom"].read_text()
    top = next(one for one in tree["dependencies"] if one["ref"].startswith("CDXRef"))
    assert {one["bom-ref"] for one in parts.values()} <= set(top["dependsOn"])


@needs_programs
def test_the_reader_refuses_what_the_schema_does(root: Path, tmp_path: Path) -> None:
    path = write(root, tmp_path / "first")["sbom"]
    tree = json.loads(path.read_text())
    tree["components"][0]["type"] = "thing"
    path.write_text(json.dumps(tree))
    assert read(path).returncode == 1


@needs_programs
def test_a_package_whose_licence_is_not_in_the_image_ends_the_build(
    root: Path, tmp_path: Path
) -> None:
    (root / "usr/share/doc/two/copyright").unlink()
    with pytest.raises(ImageError, match="two: /usr/share/doc/two/copyright is not in the image"):
        write(root, tmp_path / "first")


def test_what_is_vendored_lies_in_the_tree() -> None:
    assert all((ROOT / one.file).is_file() for one in sbom.VENDORED)
    found = {*(ROOT / "inference/models").glob("*.onnx"), *(ROOT / "sensors/media").glob("*.mp4")}
    assert found <= {ROOT / one.file for one in sbom.VENDORED}
