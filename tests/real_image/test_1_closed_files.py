"""The files of an image: nothing in it gives rights, holds a secret, or is left open."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.image.closed import SETUID
from provisioning.image.modules import read_needs, read_rules, stays
from tests.conftest import ROOT

pytestmark = pytest.mark.quick

SECRETS = ("etc/ssh/ssh_host_*", "root/.ssh", "var/lib/systemd/random-seed", "**/*.pem.key")
PLACES = {"tmp", "usr/share/factory/var/tmp"}  # with the sticky bit
NEEDED = (
    *("vfat", "exfat", "ext4", "squashfs", "erofs", "uvcvideo", "ftdi_sio", "cp210x", "ch341"),
    *("pl2303", "cdc-acm", "option", "qmi_wwan", "cdc_mbim", "cdc_ncm", "rndis_host", "iwlwifi"),
    *("iTCO_wdt", "sp5100_tco", "i6300esb", "dm-verity", "dm-crypt", "zram", "loop", "nvme"),
    *("ahci", "uas", "usb-storage", "igc", "r8169", "e1000e", "i915", "coretemp", "virtio_net"),
)
SET_RIGHTS = stat.S_ISUID | stat.S_ISGID


def list_files(root: Path) -> Iterator[tuple[Path, int]]:
    """Files and directories with their modes; not the devices, which a boot hides."""
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and path.relative_to(root).parts[0] != "dev":
            yield path.relative_to(root), mode


def test_only_sudo_gives_its_caller_another_ones_rights(image_root: Path) -> None:
    found = {
        str(name)
        for name, mode in list_files(image_root)
        if stat.S_ISREG(mode) and mode & SET_RIGHTS
    }
    assert found == set(SETUID)


def test_nothing_is_writable_for_everybody_but_the_places_for_temporary_files(
    image_root: Path,
) -> None:
    found = {str(name) for name, mode in list_files(image_root) if mode & stat.S_IWOTH}
    assert found == PLACES
    assert all((image_root / name).stat().st_mode & stat.S_ISVTX for name in found)


def test_nobody_has_a_password(image_root: Path) -> None:
    lines = (image_root / "etc/shadow").read_text().splitlines()
    fields = [line.split(":")[:2] for line in lines]
    assert {"root", "technician", "appliance-power"} <= {name for name, _ in fields}
    assert {secret for _, secret in fields} <= {"*", "!", "!*"}


def test_no_key_no_id_and_no_settings_are_in_it(image_root: Path) -> None:
    assert [path for pattern in SECRETS for path in image_root.glob(pattern)] == []
    assert (image_root / "etc/machine-id").read_text() == ""
    assert list((image_root / "etc/appliance").iterdir()) == []
    assert list((image_root / "var").iterdir()) == []


@pytest.mark.parametrize("name", NEEDED)
def test_the_driver_is_there(image_root: Path, name: str) -> None:
    (kernel,) = (image_root / "usr/lib/modules").iterdir()
    modules = [*(kernel / "modules.dep").open(), *(kernel / "modules.builtin").open()]
    names = {Path(line.split(":")[0].strip()).stem.replace("-", "_") for line in modules}
    assert name.replace("-", "_") in names


def test_no_module_lacks_another_and_none_is_there_that_the_lists_leave_out(
    image_root: Path,
) -> None:
    (kernel,) = (image_root / "usr/lib/modules").iterdir()
    needs = read_needs((kernel / "modules.dep").read_text().splitlines())
    assert all((kernel / one).exists() for module in needs for one in (module, *needs[module]))
    needed = {one for module in needs for one in needs[module]}
    rules = read_rules(["base", "kiosk"])
    assert {module for module in needs if not stays(module, rules)} <= needed


def test_the_security_updates_of_debian_are_in_it(image_root: Path) -> None:
    assert " trixie-security " in (image_root / "etc/apt/sources.list").read_text()


def test_the_programs_that_settings_of_the_documents_name_are_in_it(image_root: Path) -> None:
    """Those of a Jetson apart, which has another system."""
    texts = [(ROOT / "docs/units.md").read_text()]
    texts += [path.read_text() for path in (ROOT / "docs/examples").glob("*.toml")]
    named = {one for text in texts for one in re.findall(r'"(/(?:usr/)?s?bin/\S+?)[ "]', text)}
    assert named
    assert [one for one in sorted(named) if not (image_root / one.lstrip("/")).exists()] == []
