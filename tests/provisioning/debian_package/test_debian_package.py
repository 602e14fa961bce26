"""What is packed and what dpkg is told; tests/real_deb installs a whole package."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioning.debian_package import command, contents
from provisioning.debian_package.command import check_version, run
from provisioning.debian_package.contents import fill_tree, list_release, list_wheels, put_scripts
from provisioning.debian_package.control import (
    PYTHONS,
    format_changelog,
    format_control,
    list_needs,
)
from provisioning.debian_package.errors import PackageError
from provisioning.installation.packages import PACKAGES
from tests.conftest import ROOT

SCRIPTS = sorted((Path(contents.__file__).parent / "scripts").iterdir())
needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg")
PROJECT = '[tool.setuptools]\npackages = ["appliance"]\n[tool.setuptools.package-data]\n'


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release, and one wheel for each of its two lock files."""
    made = tmp_path / "release"
    for name in contents.FOLDERS:
        (made / name).mkdir(parents=True)
        (made / name / "file").write_text(name)
    for name in ("appliance", "requirements", "wheels"):
        (made / name).mkdir()
    (made / "pyproject.toml").write_text(PROJECT)
    for name in ("README.md", "LICENSE", "provisioning/install", "appliance/unit.py"):
        (made / name).write_text(name)
    for lock, package in zip(contents.LOCKS, ("numpy", "setuptools"), strict=True):
        wheel = made / f"wheels/{package}-1-py3-none-any.whl"
        wheel.write_text(package)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (made / lock).write_text(f"{package}==1 --hash=sha256:{digest}\n")
    return made


def make_tree(release: Path, tree: Path) -> None:
    wheels, texts = release / "wheels", {"doc/appliance/copyright": b"free"}
    size_kib = fill_tree(tree, release=release, wheels=wheels, texts=texts)
    put_scripts(tree, format_control("1.0", machine="x86_64", size_kib=size_kib))


def test_the_release_in_it_has_all_that_an_installation_reads() -> None:
    names = set(list_release(ROOT))
    assert {
        *("provisioning/install", "provisioning/installation/command.py", "appliance/errors.py"),
        *("requirements.lock", "requirements/build.lock", "pyproject.toml"),
        *("systemd/appliance.target", "systemd/sysusers.d/appliance.conf"),
        *("docs/examples/trailer.toml", "inference/models/nanodet-g-416-int8.onnx"),
    } <= names
    assert not any("__pycache__" in name or name.startswith("tests/") for name in names)


def test_a_wheel_that_is_not_locked_is_left_out_and_one_that_is_missing_is_told(
    release: Path,
) -> None:
    old = release / "wheels/numpy-0-py3-none-any.whl"
    old.write_text("of an older lock file")
    assert old not in list(list_wheels(release, release / "wheels"))
    (release / "wheels/numpy-1-py3-none-any.whl").write_text("damaged")
    with pytest.raises(PackageError, match=r"lacks the wheels of numpy: .make deb"):
        list(list_wheels(release, release / "wheels"))


@needs_dpkg
def test_two_builds_are_the_same_bytes(release: Path, tmp_path: Path) -> None:
    built = []
    for name, mask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(mask)
        try:
            make_tree(release, tmp_path / name / "tree")
        finally:
            os.umask(before)
        os.utime(tmp_path / name / "tree/usr/lib/appliance/wheels", (1, 1 + mask))
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tmp_path / name / "tree",
            tmp_path / f"{name}.deb", epoch_s=0)  # fmt: skip
        built.append((tmp_path / f"{name}.deb").read_bytes())
    assert built[0] == built[1]


@needs_dpkg
def test_dpkg_reads_the_control_file_and_every_checksum_holds(
    release: Path, tmp_path: Path
) -> None:
    make_tree(release, tmp_path / "tree")
    run("dpkg-deb", "--build", tmp_path / "tree", tmp_path / "a.deb")
    fields = run("dpkg-deb", "--field", tmp_path / "a.deb")
    assert re.search(r"^Architecture: amd64$", fields, re.MULTILINE)
    sums = tmp_path / "tree/DEBIAN/md5sums"
    done = subprocess.run(
        ["md5sum", "--check", "--quiet", sums], cwd=tmp_path / "tree", check=False
    )
    assert done.returncode == 0
    packed = {path for path in (tmp_path / "tree/usr").rglob("*") if path.is_file()}
    assert len(sums.read_text().splitlines()) == len(packed)


def test_it_needs_what_the_installation_would_fetch_and_a_python_that_has_wheels() -> None:
    needs = list_needs()
    assert "python3 (>= 3.11)" in needs
    assert "python3 (<< 3.14)" in needs
    assert "systemd-timesyncd | chrony | ntpsec | openntpd" in needs
    assert {name for name in PACKAGES if name != "systemd-timesyncd"} <= set(needs)
    makefile = (ROOT / "Makefile").read_text()
    assert f"for python in {' '.join(PYTHONS)};" in makefile


def test_no_file_of_it_lies_below_etc(release: Path, tmp_path: Path) -> None:
    """A file there would be a conffile: dpkg would ask about it in the middle of an upgrade."""
    make_tree(release, tmp_path / "tree")
    assert sorted(path.name for path in (tmp_path / "tree").iterdir()) == ["DEBIAN", "usr"]
    assert not (tmp_path / "tree/DEBIAN/conffiles").exists()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_maintainer_script_is_one_that_sh_reads(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert "set -e" in script.read_text().splitlines()


def test_the_changelog_has_the_time_of_the_commit() -> None:
    assert "Thu, 01 Jan 1970 00:00:01" in format_changelog("1.0", 1)


def test_whoever_gives_it_away_is_named_in_it() -> None:
    who = "Ada Lovelace <ada@example.org>"
    assert f"Maintainer: {who}\n" in format_control(
        "1.0", machine="aarch64", size_kib=1, maintainer=who
    )
    assert f"\n -- {who}  Thu" in format_changelog("1.0", 1, who)


@pytest.mark.parametrize("who", ["Ada", "ada@example.org", "Ada <ada>", "A\nB <a@b.c>", ""])
def test_a_maintainer_whom_dpkg_would_not_understand_is_refused(
    who: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["deb", "build/deb", "--wheels", "w", f"--maintainer={who}"])
    with pytest.raises(SystemExit) as ended:
        command.parse_arguments()
    assert ended.value.code == 2
    assert "--maintainer" in capsys.readouterr().err


@needs_dpkg
def test_a_release_that_is_no_version_for_dpkg_is_refused() -> None:
    check_version("2026.11.1")
    for release in ("next", "1_0", "1 0"):
        with pytest.raises(PackageError, match="is no version for dpkg"):
            check_version(release)
