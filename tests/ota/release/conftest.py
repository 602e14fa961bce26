"""A fleet of a few files, and its command as a release engineer types it."""

import base64
import hashlib
import json
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ota.release.__main__ import main

INFO = "neural_energy_appliance-1.2.dist-info"
APP_FILES = {
    "appliance/__init__.py": b"",
    "appliance/store/migrations.py": b"def m0001_a(): ...\ndef m0028_b(): ...\n",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: neural-energy-appliance\nVersion: 1.2\n",
}


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """`fleet` typed at one fleet; `now`: the time that is signed."""

    directory: Path
    capture: pytest.CaptureFixture[str]
    now: datetime

    @property
    def fleet(self) -> Path:
        return self.directory / "fleet"

    @property
    def tree(self) -> Path:
        return self.fleet / "tree"

    def type(self, *words: object) -> Answer:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words], now=self.now)
        shown = self.capture.readouterr()
        assert isinstance(left.value.code, int)
        return Answer(left.value.code, shown.out, shown.err)

    def do(self, *words: object) -> str:
        """A command that must succeed."""
        answer = self.type(*words)
        assert answer.code == 0, answer
        return answer.out

    def build(self, release: str, sequence: int, *more: object) -> str:
        settings = self.directory / "settings.toml"
        settings.write_text(f"# {release}\n[camera.demo]\nwatch_power_w = 4.0\n")
        options = ("--sequence", sequence, "--settings", settings)
        return self.do("release", "build", release, *options, *more)

    def issue(self, release: str, sequence: int, *more: object) -> None:
        """Build, sign and publish a release in the fleet's tree."""
        self.build(release, sequence, *more)
        self.do("release", "sign", release)
        self.do("release", "publish", release)

    def find_root(self, repository: str) -> dict[str, Any]:
        """The newest root of a repository, as plain JSON."""
        found = (self.tree / repository / "metadata").glob("*.root.json")
        newest = max(found, key=lambda path: int(path.name.split(".")[0]))
        signed: dict[str, Any] = json.loads(newest.read_bytes())["signed"]
        return signed

    def verify(self, tree: Path | str | None = None) -> str:
        return self.do("verify", tree or self.tree)


@pytest.fixture
def empty_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("FLEET", str(tmp_path / "fleet"))
    return Desk(tmp_path, capsys, datetime.now(UTC))


@pytest.fixture
def desk(empty_desk: Desk) -> Desk:
    empty_desk.do("init", empty_desk.fleet, "--bins", 4)
    return empty_desk


def write_wheel(
    path: Path, files: dict[str, bytes], listed: dict[str, bytes] | None = None
) -> Path:
    """A wheel; `listed`: what its RECORD says, where that differs."""
    lines = [f"{name},{digest(data)},{len(data)}" for name, data in (listed or files).items()]
    record = "\n".join([*lines, f"{INFO}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, f"{INFO}/RECORD": record.encode()}.items():
            archive.writestr(name, data)
    return path


def digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "app-1.2-py3-none-any.whl", APP_FILES)
