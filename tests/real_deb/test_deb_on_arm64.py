"""The package for arm64 in a Debian 13 of that machine, emulated by qemu-user, in a chroot."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_deb.packages import WHEELS, build_package, make_debian

MACHINE = "aarch64"
EMULATOR = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
CPU = {"QEMU_CPU": "cortex-a72"}  # the default emulates pointer authentication: 14 times slower
PATH = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
ENTER = 'mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'
LIBRARIES = "numpy, cv2, av, onnxruntime, cryptography, lxml, zstandard"

pytestmark = [
    pytest.mark.skipif(not EMULATOR.exists(), reason="needs qemu-user-static and binfmt-support"),
    pytest.mark.skipif(
        not (WHEELS / f"wheels-{MACHINE}").is_dir(), reason="needs `make deb UNIT_MACHINE=aarch64`"
    ),
]


class Root:
    """An arm64 root directory; programs run in mounts of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        enter = ("unshare", "--mount", "sh", "-ec", ENTER, self.path)
        environment = {**os.environ, **CPU, **PATH}
        return subprocess.run(
            [*enter, *words], capture_output=True, text=True, check=False, env=environment
        )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    folder = tmp_path_factory.mktemp("arm64")
    package = build_package(folder, "1.0", MACHINE)
    os.environ.update(CPU)
    make_debian(folder / "root", "--architectures=arm64", ready=True)
    shutil.move(package, folder / "root/srv/1.0.deb")
    yield Root(folder / "root")
    shutil.rmtree(folder)


def test_it_is_installed_and_its_program_and_libraries_run(root: Root) -> None:
    done = root.run("dpkg", "--install", "/srv/1.0.deb")
    assert done.returncode == 0, done.stdout + done.stderr
    version = root.run("unitctl", "--version")
    assert version.returncode == 0, version.stderr
    loaded = root.run("/opt/appliance/venv/bin/python", "-c", f"import {LIBRARIES}")
    assert loaded.returncode == 0, loaded.stderr


def test_its_program_is_of_that_machine(root: Root) -> None:
    (library,) = root.path.glob("opt/appliance/venv/lib/python3*/site-packages/cv2/cv2.abi3.so")
    machine = int.from_bytes(library.read_bytes()[18:20], "little")  # of the ELF header
    assert machine == 183


def test_a_second_time_changes_nothing(root: Root) -> None:
    done = root.run("dpkg", "--install", "/srv/1.0.deb")
    assert "nothing was changed" in done.stdout, done.stdout + done.stderr


def test_it_is_removed_and_purged(root: Root) -> None:
    assert root.run("dpkg", "--remove", "appliance").returncode == 0
    assert not (root.path / "opt/appliance").exists()
    assert (root.path / "etc/appliance/unit.toml").exists()
    assert root.run("dpkg", "--purge", "appliance").returncode == 0
    assert not (root.path / "etc/appliance").exists()
