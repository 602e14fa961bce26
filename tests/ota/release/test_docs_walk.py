"""The walk of docs/releases.md, typed from the first command to the last."""

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ota.release.conftest import APP_FILES, Desk, write_wheel
from tests.whole_unit.docs_text import commands_of

DOCUMENT = ROOT / "docs/releases.md"
WITH_KEYS = {"init", "release", "assign", "unassign", "rollout", "renew", "keys", "usb"}
[UNITS] = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def make_sources(directory: Path) -> None:
    """What the walk builds from, in the current directory."""
    write_wheel(directory / "appliance-1.2-py3-none-any.whl", APP_FILES)
    (directory / "common.toml").write_text("[camera.demo]\n")
    (directory / "models/nano").mkdir(parents=True)
    (directory / "models/nano/nano.onnx").write_bytes(b"net")
    (directory / "appliance.raucb").write_bytes(b"hsqs" * 1000)
    (directory / "media/stick").mkdir(parents=True)
    (directory / "units.json").write_text(UNITS)
    (directory / "passphrase").write_text("correct horse\n")


def carry_keys(directory: Path) -> None:
    """Each offline key to its holder's stick."""
    for name in ("root-1", "root-2", "root-3", "targets-1"):
        home = directory / "media" / name.removesuffix("-1" if "targets" in name else "")
        home.mkdir(parents=True)
        (directory / f"srv/fleet/keys/{name}.pem").rename(home / f"{name}.pem")


def test_every_command_of_the_walk_runs_in_its_order(
    empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = empty_desk.directory
    monkeypatch.chdir(directory)
    monkeypatch.setenv("FLEET", "srv/fleet")
    make_sources(directory)
    lines = [one.line for one in commands_of(DOCUMENT) if not one.is_inline]
    assert len(lines) > 20
    for line in lines:
        words = [
            word.replace("/srv/", "srv/").replace("/media/", "media/")
            for word in shlex.split(line)[1:]
        ]
        secret = ["--secret", "passphrase"] if takes_secret(words) else []
        empty_desk.do(*words, *secret)
        if words[0] == "init":
            carry_keys(directory)
    assert "releases: 2026.12" in empty_desk.verify("srv/www")
    assert "root of" not in empty_desk.do("status")
    assert "2 of" not in empty_desk.do("keys", "sign")


def takes_secret(words: list[str]) -> bool:
    """All but building and looking may need the offline keys' passphrase."""
    return words[0] in WITH_KEYS and words[:2] != ["release", "build"]
