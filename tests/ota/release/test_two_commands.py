"""Two commands on one fleet: who waits, who is refused, and what goes on beside a build."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ota.release.commands import renew
from ota.release.releases import building
from tests.conftest import ROOT
from tests.ota.release.conftest import Desk
from tests.ota.release.test_refusals import refuse

HOLDER = (
    "import fcntl, os, sys; h = os.open(sys.argv[1], os.O_RDONLY); "
    "fcntl.flock(h, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.read()"
)


@contextmanager
def held(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the lock of a directory, until the end or its own."""
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.communicate("")


def test_a_second_command_is_told_who_works(desk: Desk) -> None:
    with held(desk.fleet) as process:
        said = refuse(desk, "status")
    assert f"in use by process {process.pid}" in said
    desk.do("status")


def test_a_second_build_is_told_who_builds(desk: Desk) -> None:
    with held(desk.fleet / "releases") as process:
        said = refuse(desk, "release", "build", "r1", "--sequence", 1, "--settings", "none.toml")
        desk.do("renew", "--force")
    assert f"in use by process {process.pid}" in said
    desk.build("r1", 1)


def test_a_renewal_waits_for_the_command_that_holds_the_fleet(desk: Desk) -> None:
    command = [sys.executable, "-m", "ota.release", "renew", "--force", "--fleet", str(desk.fleet)]
    with held(desk.fleet) as holder:
        renewal = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert renewal.stderr
        assert "waits for it, 30 min at most" in renewal.stderr.readline()
        holder.send_signal(signal.SIGKILL)
        out, _ = renewal.communicate(timeout=60)
    assert renewal.returncode == 0
    assert "timestamp are signed anew" in out


def test_a_renewal_gives_up_in_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renew, "WAIT_S", 0.1)
    with held(desk.fleet) as holder:
        answer = desk.type("renew")
    assert answer.code == 1
    assert f"is held by process {holder.pid} (python) for more than 0.1 s" in answer.err


def test_other_commands_work_while_a_build_packs(
    desk: Desk, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.issue("r1", 1)
    desk.build("r2", 2)
    pack, said = building.pack, []

    def pack_beside_others(*words: Any) -> Any:
        half = desk.tree / "new-1.pack"
        half.write_text("half")
        said.append(desk.do("renew", "--force"))
        said.append(desk.do("release", "sign", "r2"))
        said.append(desk.do("release", "publish", "r2", "--to", desk.directory / "www"))
        said.append(desk.do("assign", "u1", "r2"))
        assert half.read_text() == "half"
        assert list(desk.fleet.glob("*.work/app")) != []
        half.unlink()
        return pack(*words)

    monkeypatch.setattr(building, "pack", pack_beside_others)
    desk.do("release", "build", "r3", "--sequence", 3, "--app", wheel)
    assert len(said) == 4
    desk.do("release", "sign", "r3")
    desk.do("release", "publish", "r3")
    desk.verify()


def test_a_build_does_not_end_with_a_sequence_that_was_taken_meanwhile(
    desk: Desk, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a copy of the fleet's directory brings it: builds themselves follow one another."""
    desk.build("r1", 1)
    pack = building.pack

    def bring_another(*words: Any) -> Any:
        release = desk.fleet / "releases/r9"
        release.mkdir()
        data = (desk.fleet / "releases/r1/manifest.json").read_text()
        data = data.replace('"r1"', '"r9"').replace('"sequence": 1', '"sequence": 9')
        (release / "manifest.json").write_text(data)
        return pack(*words)

    monkeypatch.setattr(building, "pack", bring_another)
    words = ("release", "build", "r2", "--sequence", 2, "--app", wheel)
    assert "does not rise" in refuse(desk, *words)
    assert not (desk.fleet / "releases/r2").exists()


def test_a_renewal_beside_a_build_that_is_killed_leaves_a_whole_tree(desk: Desk) -> None:
    desk.issue("r1", 1)
    bundle = desk.directory / "os.raucb"
    bundle.write_bytes(os.urandom(30_000_000))
    words = ["release", "build", "r2", "--sequence", "2", "--os", str(bundle)]
    command = [sys.executable, "-m", "ota.release", *words, "--fleet", str(desk.fleet)]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as build:
        while not list(desk.tree.glob("new-*")) and build.poll() is None:
            pass
        desk.do("renew", "--force")
        assert build.poll() is None
        assert list(desk.tree.glob("new-*")) != []
        os.killpg(build.pid, signal.SIGKILL)
    desk.verify()
    desk.do("renew", "--force")
    assert list(desk.tree.glob("new-*")) == []
    desk.verify()
