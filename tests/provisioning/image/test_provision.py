"""What a unit takes from provision/ and kept/ on its ESP: the script, run on a directory tree.

`unitctl` and `ssh-keygen` are the real ones; `chgrp` and `findmnt` are stand-ins.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.provisioning.image.test_image_files import FILES

SCRIPT = FILES / "usr/lib/appliance/provision"
GOOD = (ROOT / "docs/examples/trailer.toml").read_text()
OTHER = GOOD + "\n# another one\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaw1BkZ4b0rDMbDLg3z8y7oT9ZkCZsLGo3IhBk0gf3o x\n"
MODEM = "[connection]\nid=modem\ntype=gsm\n\n[gsm]\napn=internet\n"
BOM = "\ufeff"
SETTINGS = "etc/appliance/unit.toml"
KEYS = "etc/appliance/ssh/technician"
CONNECTIONS = "var/lib/NetworkManager/system-connections"
RESULT = "efi/provision/RESULT.txt"
MARKS = "run/appliance-image"

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (Debian package openssh-client)"
)


@dataclass
class Tree:
    """ESP and data partition of a unit, as directories."""

    root: Path
    programs: Path

    def put(self, place: str, text: str | bytes) -> None:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def read(self, place: str) -> str:
        return (self.root / place).read_text()

    def has(self, place: str) -> bool:
        return (self.root / place).exists()

    def list(self, place: str) -> list[str]:
        return sorted(path.name for path in (self.root / place).iterdir())

    def stand_in(self, name: str, body: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.programs / name).chmod(0o755)

    def start(self) -> str:
        """As at a start of the unit; returns what the journal gets."""
        path = f"{self.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ("sh", SCRIPT, self.root),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name in ("programs", "unit/efi/provision", "unit/efi/kept", f"unit/{MARKS}"):
        (tmp_path / name).mkdir(parents=True)
    made = Tree(tmp_path / "unit", tmp_path / "programs")
    made.stand_in("chgrp", "")
    made.stand_in("findmnt", "echo /dev/sda4")
    return made


def test_what_is_good_is_taken_and_removed_from_the_esp(tree: Tree) -> None:
    tree.put("efi/provision/unit.toml", GOOD)
    tree.put("efi/provision/authorized_keys", KEY)
    tree.put("efi/provision/modem.nmconnection", MODEM)
    tree.put(RESULT, "of an earlier start\n")
    tree.start()
    assert (tree.read(SETTINGS), tree.read(KEYS)) == (GOOD, KEY)
    assert tree.read(f"{CONNECTIONS}/modem.nmconnection") == MODEM
    modes = [(tree.root / one).stat().st_mode & 0o777 for one in (SETTINGS, KEYS)]
    assert modes == [0o640, 0o644]
    assert tree.list("efi/provision") == []
    assert tree.list(MARKS) == []


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"\x8f" * 5_000_000, "larger than 1000000 bytes"),
        (b"\x00\xff\xfe garbage", "not valid TOML"),
        (GOOD.replace("[site]", "[site]\nnmae = 1").encode(), "is not a known key"),
        (b"[unit]\nname = 'x'\n", "charger is missing"),
        (b"", "charger is missing"),
    ],
    ids=["5 MB", "garbage", "wrong key", "no charger", "empty"],
)
def test_settings_that_cannot_be_used_stay_on_the_esp_with_the_reason(
    tree: Tree, bad: bytes, why: str
) -> None:
    tree.put("efi/provision/unit.toml", bad)
    assert "unit.toml on the ESP was not used" in tree.start()
    assert not tree.has(SETTINGS)
    assert tree.list("efi/provision") == ["RESULT.txt", "unit.toml"]
    assert why in tree.read(RESULT)
    assert why in tree.read(f"{MARKS}/provision-refused")
    tree.put("efi/provision/unit.toml", GOOD)
    tree.start()
    assert tree.read(SETTINGS) == GOOD
    assert tree.list("efi/provision") + tree.list(MARKS) == []


def test_the_reason_names_the_line_of_the_file_that_the_technician_wrote(tree: Tree) -> None:
    tree.put("efi/provision/unit.toml", "[site]\nnmae = 'x'\n")
    tree.start()
    assert "\nunit.toml: provision/unit.toml:2: site.nmae is not" in tree.read(RESULT)


def test_settings_that_cannot_be_used_are_replaced_and_kept_beside(tree: Tree) -> None:
    tree.put(SETTINGS, "garbage")
    tree.put("efi/provision/unit.toml", GOOD)
    tree.start()
    assert (tree.read(SETTINGS), tree.read(f"{SETTINGS}.unusable")) == (GOOD, "garbage")
    assert tree.list("efi/provision") == []


@pytest.mark.parametrize("broken", [False, True])
def test_settings_that_can_be_used_or_not_be_checked_are_never_replaced(
    tree: Tree, *, broken: bool
) -> None:
    if broken:
        tree.stand_in("unitctl", "exit 1")
    tree.put(SETTINGS, GOOD)
    tree.put("efi/provision/unit.toml", OTHER)
    tree.start()
    assert tree.read(SETTINGS) == GOOD
    assert tree.read("efi/provision/unit.toml") == OTHER
    assert "this unit has settings that can be used" in tree.read(RESULT)


def test_wrong_settings_do_not_replace_wrong_ones(tree: Tree) -> None:
    tree.put(SETTINGS, "garbage")
    tree.put("efi/provision/unit.toml", "rubbish")
    tree.start()
    assert tree.list("etc/appliance") == ["unit.toml"]
    assert tree.read(SETTINGS) == "garbage"


def test_a_unit_whose_command_does_not_run_takes_its_first_settings_unchecked(tree: Tree) -> None:
    """They may be right, and where they are not, others can replace them."""
    tree.stand_in("unitctl", "exit 1")
    tree.put("efi/provision/unit.toml", GOOD)
    tree.start()
    assert tree.read(SETTINGS) == GOOD


def test_a_power_cut_before_the_removal_leaves_nothing_to_complain_of(tree: Tree) -> None:
    tree.put(SETTINGS, GOOD)
    tree.put("efi/provision/unit.toml", GOOD)
    tree.start()
    assert tree.list("efi/provision") == []


def test_lost_settings_and_key_come_from_their_copies_and_it_is_said(tree: Tree) -> None:
    tree.put("efi/kept/unit.toml", GOOD)
    tree.put("efi/kept/authorized_keys", KEY)
    said = tree.start()
    assert (tree.read(SETTINGS), tree.read(KEYS)) == (GOOD, KEY)
    assert tree.list("efi/kept") == ["authorized_keys", "unit.toml"]
    assert "the settings were lost on the data partition" in said
    assert "the technician's key was lost" in tree.read(f"{MARKS}/settings-lost")
    assert "lost" not in tree.start()
    assert tree.list(MARKS) == []


def test_one_of_both_is_enough_and_what_is_there_stays(tree: Tree) -> None:
    tree.put(KEYS, "mine")
    tree.put(SETTINGS, b"")
    tree.put("efi/kept/unit.toml", GOOD)
    tree.put("efi/kept/authorized_keys", KEY)
    tree.start()
    assert (tree.read(SETTINGS), tree.read(KEYS)) == (GOOD, "mine")


def test_what_the_technician_put_there_goes_before_the_copy(tree: Tree) -> None:
    tree.put("efi/kept/unit.toml", GOOD)
    tree.put("efi/provision/unit.toml", OTHER)
    assert "lost" not in tree.start()
    assert tree.read(SETTINGS) == OTHER


def test_a_damaged_copy_is_not_taken(tree: Tree) -> None:
    tree.put("efi/kept/unit.toml", b"\x00" * 100)
    tree.start()
    assert not tree.has(SETTINGS)
    assert "kept/unit.toml: kept/unit.toml is not valid TOML" in tree.read(RESULT)


def test_with_data_in_memory_nothing_is_removed(tree: Tree) -> None:
    tree.put(f"{MARKS}/data-in-memory", "")
    tree.put("efi/provision/authorized_keys", KEY)
    tree.put("efi/kept/unit.toml", GOOD)
    tree.start()
    assert (tree.read(SETTINGS), tree.read(KEYS)) == (GOOD, KEY)
    assert tree.list("efi/provision") == ["authorized_keys"]
    assert tree.list(MARKS) == ["data-in-memory"]


@pytest.mark.parametrize("name", ["AUTHORIZED_KEYS", "Authorized_Keys"])
def test_names_in_any_case_are_taken_and_what_windows_adds_is_left_out(
    tree: Tree, name: str
) -> None:
    tree.put(f"efi/provision/{name}", (BOM + KEY).replace("\n", "\r\n"))
    tree.put("efi/provision/UNIT.TOML", (BOM + GOOD).replace("\n", "\r\n"))
    tree.put("efi/provision/Modem.NMCONNECTION", (BOM + MODEM).replace("\n", "\r\n"))
    tree.start()
    assert tree.read(KEYS) == KEY
    assert tree.has(SETTINGS)
    assert tree.list(CONNECTIONS) == ["Modem.nmconnection"]
    assert (tree.root / CONNECTIONS / "Modem.nmconnection").read_bytes() == MODEM.encode()
    assert tree.list("efi/provision") == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("unit.toml.txt", GOOD, "call it unit.toml"),
        ("AUTHORIZED_KEYS.TXT", KEY, "call it authorized_keys"),
        ("id_ed25519.pub", KEY, "call it authorized_keys"),
        ("x.nmconnection.txt", MODEM, "call it NAME.nmconnection"),
        ("recovery-key.txt", "0123", "call it recovery-key"),
        ("notes.doc", "x", "only unit.toml, authorized_keys"),
        ("x.nmconnection", "garbage", "a line type= is missing"),
        ("y.nmconnection", "[connection]\nid=y\n[gsm]\ntype=x\n", "a line type= is missing"),
        ("z.nmconnection", b"x" * 2_000_000, "larger than 1000000 bytes"),
        ("authorized_keys", "garbage", "no public key of OpenSSH"),
        ("authorized_keys", KEY.encode("utf-16"), "no public key of OpenSSH"),
        ("authorized_keys", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
        ("recovery-key", "0123", "does not open the data"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "bytes",
)
def test_each_file_that_is_not_taken_stays_and_is_named_with_the_reason(
    tree: Tree, name: str, content: str | bytes, why: str
) -> None:
    tree.put(KEYS, "mine")
    tree.put(f"efi/provision/{name}", content)
    said = tree.start()
    assert f"{name} on the ESP was not used: " in said
    assert f"\n{name}: " in tree.read(RESULT)
    assert why in tree.read(RESULT)
    assert tree.list("efi/provision") == sorted(["RESULT.txt", name])
    assert tree.read(KEYS) == "mine"
    assert not tree.has(CONNECTIONS)


def test_a_directory_is_named_and_what_a_mac_leaves_is_not(tree: Tree) -> None:
    (tree.root / "efi/provision/x.nmconnection").mkdir()
    tree.put("efi/provision/._unit.toml", "")
    tree.start()
    named = tree.read(RESULT).splitlines()[1:]
    assert [line.split(":")[0] for line in named] == ["x.nmconnection"]
    assert "a directory" in named[0]


def test_what_cannot_be_written_is_named_and_the_rest_is_taken(tree: Tree) -> None:
    tree.put("etc/appliance/ssh", "no directory")
    tree.put("efi/provision/authorized_keys", KEY)
    tree.put("efi/provision/unit.toml", GOOD)
    tree.start()
    assert "authorized_keys: it could not be written" in tree.read(RESULT)
    assert tree.list("efi/provision") == ["RESULT.txt", "authorized_keys"]
    assert tree.read(SETTINGS) == GOOD


def test_of_encrypted_data_a_key_is_replaced_beside_the_recovery_key_alone(tree: Tree) -> None:
    tree.stand_in("findmnt", "echo /dev/mapper/data")
    tree.put(KEYS, "mine")
    tree.put("efi/provision/authorized_keys", KEY)
    tree.start()
    assert tree.read(KEYS) == "mine"
    assert "put the recovery key beside it" in tree.read(RESULT)
    tree.put(f"{MARKS}/recovery-key-fits", "")
    tree.start()
    assert tree.read(KEYS) == KEY
