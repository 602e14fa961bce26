"""Which data partitions are encrypted, opened, or left alone: the script of the initial RAM disk.

Real file systems in files; cryptsetup and the TPM are stand-ins that write down how they are called
(the real ones: tests/real_boot/test_encrypted_data.py).
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.image import root

SCRIPT = Path(root.__file__).parent / "sets/tpm/files/usr/lib/appliance/open-data"
LUKS = b"LUKS\xba\xbe"
KEY = "0123456789abcdef" * 4
SIZE_BYTES = 64 * 2**20
# Each says how it was called; FAILS: how the one that fails is called.
STAND_IN = """#!/bin/sh
echo "${0##*/} $*" >>/run/calls
[ -z "$FAILS" ] || case "${0##*/} $*" in "$FAILS"*) exit 1 ;; esac
"""
CRYPTSETUP = """
case $1 in
isLuks) [ "$(head -c 4 "$2")" = LUKS ] ;;
luksFormat) printf 'LUKS\\272\\276' | dd of=/run/data-header conv=notrunc 2>/dev/null ;;
open) case $* in *--test-passphrase*) exit ;; esac; for last; do :; done; : >"/dev/mapper/$last" ;;
close) rm "/dev/mapper/$2" ;;
esac
"""
MOUNT = 'case "$*" in *"/run/esp") cp -a "$ESP/." /run/esp/ ;; esac\n'
NAMES = {
    "cryptsetup": CRYPTSETUP,
    "mount": MOUNT,
    "umount": "",
    "mkfs.ext4": "",
    "systemd-cryptenroll": "",
    "systemd-repart": "",
    "udevadm": "",
    "modprobe": "",
}
# $1: the stand-ins, $2: whether there is a TPM, $3: the script, $4: the partition
ENTER = """set -e
mount -t tmpfs none /run
mkdir /run/dev
for one in null random zero; do cp -a /dev/$one /run/dev/; done
mount --bind /run/dev /dev
mkdir -p /dev/mapper /dev/disk/by-boot-disk
: >/dev/disk/by-boot-disk/esp
: >/dev/kmsg
[ $2 = no ] || : >/dev/tpmrm0
result=0
PATH=$1:$PATH sh "$3" "$4" || result=$?
cat /run/calls >&2
ls /run/appliance-image | sed s/^/marked:/ >&2
exit $result
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "tune2fs", "unshare"))),
    reason="needs root's rights, e2fsprogs and util-linux",
)


@dataclass
class Opened:
    """What the script printed and how it ended; `said`: calls, marks, sentences."""

    mounted: str
    code: int
    said: str

    def was(self, words: str) -> bool:
        return any(words in line for line in self.said.splitlines())


@dataclass
class Bench:
    """A partition, an ESP, and programs that stand in."""

    directory: Path

    @property
    def partition(self) -> Path:
        return self.directory / "partition"

    def make(self, *options: str | Path) -> None:
        with self.partition.open("wb") as file:
            file.truncate(SIZE_BYTES)
        subprocess.run(("mkfs.ext4", "-q", "-F", *options, self.partition), check=True)

    def encrypt(self) -> None:
        self.partition.write_bytes(LUKS + bytes(4090))

    def put_recovery_key(self, text: str) -> None:
        (self.directory / "esp/provision/recovery-key").write_text(text)

    def open(self, *, tpm: bool = True, fails: str = "") -> Opened:
        programs = self.directory / "programs"
        for name, body in NAMES.items():
            (programs / name).write_text(STAND_IN + body)
            (programs / name).chmod(0o755)
        words = (programs, "yes" if tpm else "no", SCRIPT, self.partition)
        done = subprocess.run(
            ("unshare", "--mount", "sh", "-c", ENTER, "sh", *words),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FAILS": fails, "ESP": str(self.directory / "esp")},
        )
        return Opened(done.stdout.strip(), done.returncode, done.stderr)

    def begins_with(self, magic: bytes) -> bool:
        with self.partition.open("rb") as file:
            return file.read(len(magic)) == magic


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "programs").mkdir()
    (tmp_path / "esp/provision").mkdir(parents=True)
    return Bench(tmp_path)


def test_a_partition_as_it_was_built_is_encrypted_and_opened_by_the_tpm(bench: Bench) -> None:
    bench.make()
    opened = bench.open()
    assert (opened.mounted, opened.code) == ("/dev/mapper/data", 0), opened.said
    assert bench.begins_with(LUKS)
    assert opened.was("systemd-cryptenroll --unlock-key-file=/run/data-key --tpm2-device=auto")
    assert opened.was("--tpm2-pcrs=7+15")
    assert opened.was("cryptsetup open --token-only")


def test_a_power_cut_before_the_last_write_begins_anew(bench: Bench) -> None:
    """Behind its first block the header is there already, and the journal is overwritten."""
    bench.make()
    with bench.partition.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(SIZE_BYTES - 4096))
    assert bench.open().mounted == "/dev/mapper/data"
    assert bench.begins_with(LUKS)


def test_what_an_installation_has_written_into_it_does_not_count_as_data(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "content/lib/rauc").mkdir(parents=True)
    (tmp_path / "content/lib/rauc/central.raucs").write_text("[slot.rootfs.0]\n")
    bench.make("-d", tmp_path / "content")
    assert bench.open().mounted == "/dev/mapper/data"


def test_a_file_system_that_was_mounted_is_never_made_anew(bench: Bench) -> None:
    bench.make()
    subprocess.run(("tune2fs", "-C", "1", bench.partition), check=True, capture_output=True)
    before = bench.partition.read_bytes()
    opened = bench.open()
    assert (opened.mounted, opened.code) == (str(bench.partition), 0)
    assert opened.was("marked:data-not-encrypted")
    assert bench.partition.read_bytes() == before


def test_a_file_system_with_files_is_never_made_anew(bench: Bench, tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"content/{number}").mkdir(parents=True)
    bench.make("-d", tmp_path / "content")
    before = bench.partition.read_bytes()
    assert bench.open().mounted == str(bench.partition)
    assert bench.partition.read_bytes() == before


@pytest.mark.parametrize("step", ["systemd-cryptenroll", "mkfs.ext4", "cryptsetup luksFormat"])
def test_a_step_that_fails_leaves_a_partition_that_is_tried_again(bench: Bench, step: str) -> None:
    bench.make()
    failed = bench.open(fails=step)
    assert (failed.mounted, failed.code) == ("", 1), failed.said
    assert not bench.begins_with(LUKS)
    assert bench.open().mounted == "/dev/mapper/data"


def test_without_a_tpm_the_data_are_used_and_the_page_says_so(bench: Bench) -> None:
    bench.make()
    opened = bench.open(tpm=False)
    assert opened.mounted == str(bench.partition)
    assert opened.was("marked:data-not-encrypted")


def test_what_is_neither_encrypted_nor_a_file_system_is_left_alone(bench: Bench) -> None:
    bench.partition.write_bytes(bytes(2**20))
    opened = bench.open()
    assert (opened.mounted, opened.code) == ("", 1)
    assert bench.partition.read_bytes() == bytes(2**20)


def test_another_tpm_without_the_recovery_key_opens_nothing_and_says_so(bench: Bench) -> None:
    bench.encrypt()
    before = bench.partition.read_bytes()
    opened = bench.open(fails="cryptsetup open")
    assert (opened.mounted, opened.code) == ("", 1)
    assert opened.was("marked:data-locked")
    assert bench.partition.read_bytes() == before


def test_the_recovery_key_opens_the_data_and_the_tpm_that_is_there_gets_a_key(bench: Bench) -> None:
    bench.encrypt()
    grouped = "-".join(KEY[at : at + 8].upper() for at in range(0, 64, 8))
    bench.put_recovery_key(f"\ufeff{grouped}\r\n")
    opened = bench.open(fails="cryptsetup open --token-only --allow-discards")
    assert opened.mounted == "/dev/mapper/data"
    assert opened.was("marked:recovery-key-fits")
    assert opened.was("marked:tpm-has-key")
    enrolled = [line for line in opened.said.splitlines() if "cryptenroll" in line]
    options = "--unlock-key-file=/run/data-key --tpm2-device=auto --tpm2-pcrs=7+15"
    assert enrolled == [
        f"systemd-cryptenroll --wipe-slot=tpm2 {bench.partition}",
        f"systemd-cryptenroll {options} {bench.partition}",
    ]


@pytest.mark.parametrize(
    "step", ["systemd-cryptenroll", "cryptsetup open --token-only --test-passphrase"]
)
def test_a_tpm_that_takes_no_key_leaves_the_recovery_key_where_it_is(
    bench: Bench, step: str
) -> None:
    """Else the next start would find the data locked."""
    bench.encrypt()
    bench.put_recovery_key(KEY)
    opened = bench.open(fails=step)
    assert opened.mounted == "/dev/mapper/data"
    assert opened.was("marked:recovery-key-fits")
    assert not opened.was("marked:tpm-has-key")
    assert opened.was("the data need the recovery key at each start")


def test_a_wrong_recovery_key_changes_nothing_where_the_tpm_opens_the_data(bench: Bench) -> None:
    bench.encrypt()
    bench.put_recovery_key("ffff")
    opened = bench.open(fails="cryptsetup open --key-file")
    assert opened.mounted == "/dev/mapper/data"
    assert opened.was("marked:recovery-key-wrong")
    assert not opened.was("marked:recovery-key-fits")
