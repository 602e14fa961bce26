"""The first program of a signed image, as the build makes it (what it does: tests/real_boot)."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from provisioning.image.secure_boot import ASSEMBLE, STARTER_SOURCE

APPLICATION, X86_64, RELOCATIONS_STRIPPED = 10, 0x8664, 1

pytestmark = pytest.mark.skipif(
    not (shutil.which("as") and shutil.which("ld")), reason="needs binutils"
)


def assemble(folder: Path) -> bytes:
    folder.mkdir()
    source = shutil.copy(STARTER_SOURCE, folder)
    subprocess.run(("sh", "-ec", ASSEMBLE, "sh", source, folder / "made"), check=True)
    return (folder / "made").read_bytes()


def test_it_is_a_program_of_uefi_that_can_lie_anywhere_in_memory(tmp_path: Path) -> None:
    made = assemble(tmp_path / "one")
    (at,) = struct.unpack_from("<I", made, 60)
    signature, machine, sections = struct.unpack_from("<4sHH", made, at)
    (flags,) = struct.unpack_from("<H", made, at + 22)
    (subsystem,) = struct.unpack_from("<H", made, at + 24 + 68)
    assert (made[:2], signature, machine) == (b"MZ", b"PE\0\0", X86_64)
    assert (subsystem, flags & RELOCATIONS_STRIPPED, sections > 0) == (APPLICATION, 0, True)


def test_it_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    assert assemble(tmp_path / "one") == assemble(tmp_path / "two")


def test_it_names_the_loader_where_an_image_has_it(tmp_path: Path) -> None:
    assert "\\EFI\\systemd\\systemd-bootx64.efi\0".encode("utf-16-le") in assemble(tmp_path / "one")
