"""The programs of this computer that a virtual machine needs, and how fast it can be.

Reads: PATH, /usr/share/OVMF, /proc/cpuinfo. Writes: nothing.
Never: installs anything.
"""

import os
import shutil
from pathlib import Path

from provisioning.image.tools import ImageError

QEMU = "qemu-system-x86_64"
PACKAGES = {QEMU: "qemu-system-x86", "mcopy": "mtools", "ssh-keygen": "openssh-client"}
FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
SECURE_FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd")
VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
KVM = Path("/dev/kvm")
PROCESSOR_INFO = Path("/proc/cpuinfo")
# Without AVX: QEMU 7.2 emulates it with a fault, by which numpy ends with SIGSEGV.
NO_AVX = ",".join(f"{one}=off" for one in ("avx", "avx2", "f16c", "fma", "vaes", "vpclmulqdq"))
EMULATED = ("-accel", "tcg,thread=multi", "-cpu", f"max,{NO_AVX}")
NATIVE = ("-accel", "kvm", "-cpu", "host")


def list_missing() -> list[str]:
    """The packages of Debian that are not installed here, each with what it is needed for."""
    missing = [
        f"{package} ({name})" for name, package in PACKAGES.items() if not shutil.which(name)
    ]
    if not (FIRMWARE.exists() and VARIABLES.exists()):
        missing.append(f"ovmf ({FIRMWARE})")
    return missing


def check_programs() -> None:
    """Raise `ImageError` that names every package that is missing."""
    if missing := list_missing():
        packages = " ".join(one.partition(" ")[0] for one in missing)
        raise ImageError(f"missing: {', '.join(missing)}; run `apt install {packages}`")


def choose_accelerator() -> tuple[str, ...]:
    """The processor's own virtualization where it has it; a nested /dev/kvm without is no use."""
    flags = set(PROCESSOR_INFO.read_text().split())
    native = {"vmx", "svm"} & flags and os.access(KVM, os.R_OK | os.W_OK)
    return NATIVE if native else EMULATED
