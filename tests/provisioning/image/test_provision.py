"""What a unit takes from provision/ and kept/ on its ESP: settings, and what a repair lost."""

import shutil
from pathlib import Path

import pytest

from tests.provisioning.image.provision_tree import (
    CONNECTIONS,
    GOOD,
    KEY,
    KEYS,
    MARKS,
    MODEM,
    OTHER,
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
