"""An image of `make image DATA=tpm`, in a computer with a TPM: its data are encrypted.

The tests stand in an order, and each goes on where the one before has ended.
"""

from collections.abc import Iterator

import pytest

from tests.real_boot.built import BIGGER_DISK_GIB, IMAGE
from tests.real_boot.unit import BOOT_S, GIB, LOGIN, EmulatedUnit

DEVICE = "/dev/disk/by-boot-disk/data"
ASK_TPM = f"cryptsetup open --token-only --test-passphrase {DEVICE}"
KEY_PLACE = "provision/recovery-key"
ENROLLED = "New TPM2 token enrolled"  # on the console, in the midst of the encryption
HEADERS_BYTES = 16 * 2**20
WAIT_S = 400.0


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new one with settings, without a camera, in a computer with a TPM. The power of its first
    boot was cut while its data were encrypted.
    """
    directory = tmp_path_factory.mktemp("unit") / "m"
    size = BIGGER_DISK_GIB * GIB
    made = EmulatedUnit(IMAGE, directory, disk_bytes=size, camera=False, tpm=True)
    made.disk.put(made.site.settings, "provision/unit.toml")
    with made.site.simulated():
        made.machine.start()
        made.wait_for(lambda: is_begun(made), BOOT_S, "the encryption")
        made.machine.cut_power()
        made.boot()
        made.wait_for(made.find_boot, BOOT_S, "SSH")
        if made.run("test -x /usr/lib/appliance/open-data").returncode:
            pytest.skip("needs an image of `make image DATA=tpm`")
        yield made
    made.remove()


def is_begun(unit: EmulatedUnit) -> bool:
    return ENROLLED in unit.machine.console or LOGIN in unit.machine.console


@pytest.fixture(scope="module")
def recovery_key(unit: EmulatedUnit) -> str:
    return unit.order("recovery-key")


def restart(unit: EmulatedUnit) -> None:
    if unit.machine.running:
        unit.shut_down()
    unit.boot()
    unit.wait_for(unit.find_boot, BOOT_S, "SSH")


def wait_for_fault(unit: EmulatedUnit, words: str) -> None:
    unit.wait_for(lambda: words in unit.list_faults(), WAIT_S, f"a fault: {words}")


def test_the_data_are_encrypted_at_the_first_boot_on_all_of_the_disk(unit: EmulatedUnit) -> None:
    assert unit.ask("findmnt -no SOURCE /var") == "/dev/mapper/data"
    assert unit.order(f"blkid -p -o value -s TYPE {DEVICE}") == "crypto_LUKS"
    length = unit.disk.find("data").length
    assert int(unit.ask("df -B1 --output=size /var | tail -1")) > 0.9 * length
    assert length > 2 * GIB
    assert unit.ask("systemctl --failed --plain --no-legend") == ""


def test_the_recovery_key_waits_for_the_technician_and_the_page_says_so(
    unit: EmulatedUnit, recovery_key: str
) -> None:
    assert len(recovery_key.replace("-", "")) == 64
    wait_for_fault(unit, "sudo recovery-key taken")
    assert "removed" in unit.order("recovery-key taken")
    assert unit.run("sudo recovery-key").returncode == 1


def test_not_even_root_gets_the_key_from_the_tpm_once_the_system_runs(unit: EmulatedUnit) -> None:
    assert unit.run(f"sudo {ASK_TPM}").returncode != 0


def test_the_tpm_opens_them_at_each_boot_and_a_key_on_the_esp_is_not_let_in(
    unit: EmulatedUnit,
) -> None:
    identity = unit.ask("cat /etc/machine-id")
    known = unit.order("cat /etc/appliance/ssh/technician")
    unit.shut_down()
    unit.disk.put("ssh-ed25519 AAAAC3Nz stranger\n", "provision/authorized_keys")
    restart(unit)
    assert unit.ask("cat /etc/machine-id") == identity
    assert unit.order("cat /etc/appliance/ssh/technician") == known
    assert "recovery-key" not in unit.order("ls /run/appliance-image")


def test_another_tpm_leaves_them_locked_and_the_battery_is_guarded(unit: EmulatedUnit) -> None:
    unit.shut_down()
    unit.machine.tpm.replace()
    unit.boot()
    wait_for_fault(unit, "the TPM does not open the data partition")
    assert unit.read_status()["battery"]["fresh"]


def test_the_recovery_key_opens_them_and_the_new_tpm_does_it_from_then_on(
    unit: EmulatedUnit, recovery_key: str
) -> None:
    unit.machine.cut_power()
    unit.disk.put(recovery_key, KEY_PLACE)
    restart(unit)
    assert unit.ask("findmnt -no SOURCE /var") == "/dev/mapper/data"
    unit.wait_for(
        lambda: "recovery-key" not in unit.order("ls /efi/provision"), WAIT_S, "its removal"
    )
    restart(unit)
    assert unit.ask("findmnt -no SOURCE /var") == "/dev/mapper/data"


def test_data_whose_headers_were_overwritten_are_lost_and_the_page_says_so(
    unit: EmulatedUnit,
) -> None:
    unit.shut_down()
    with unit.disk.path.open("r+b") as file:
        file.seek(unit.disk.find("data").start)
        file.write(bytes(HEADERS_BYTES))
    unit.boot()
    wait_for_fault(unit, "the data partition cannot be mounted")
    assert unit.read_status()["battery"]["fresh"]
    assert "neither encrypted nor a file system" in unit.order("dmesg")
