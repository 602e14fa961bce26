"""What a unit takes from provision/ on its ESP: names, keys, connections, and what it leaves."""

import shutil
from pathlib import Path

import pytest

from tests.provisioning.image.provision_tree import (
    BOM,
    CONNECTIONS,
    GOOD,
    KEY,
    KEYS,
    MARKS,
    MODEM,
    RESULT,
    SETTINGS,
    Tree,
    make_tree,
)

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (Debian package openssh-client)"
)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_tree(tmp_path)


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
