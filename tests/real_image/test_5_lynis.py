"""What lynis, an auditor of systems, says of an image, and why what it says was left."""

import shutil
from pathlib import Path

import pytest

from tests.real_image.booted import ImageContainer

LEAST_INDEX = 70
PROGRAM, LIBRARY = Path("/usr/sbin/lynis"), Path("/usr/share/lynis")
PROFILE = Path("/etc/lynis/default.prf")
REPORT = "/tmp/lynis.dat"
UNREPEATED = "no package is installed or upgraded on a unit: an image replaces the other slot"
NO_PASSWORD = "nobody has a password"
NOT_HERE = "of this computer or of the test, not of the image"
LEFT = {
    "LYNIS": "Debian's lynis",
    "KRNL-5830": NOT_HERE,
    "BOOT-5180": NOT_HERE,
    "FILE-6310": "/home is empty and read-only; the technician's lies on the data partition",
    "NAME-4028": "a unit has no domain",
    "NETW-3200": "the modules of these protocols are not in the image",
    "USB-1000": "a stick brings updates (docs/updates.md)",
    "STRG-1846": "no module for FireWire is in the image",
    "DEB-0280": "each service has a /tmp of its own, and the technician's files are his alone",
    "DEB-0285": UNREPEATED,
    "DEB-0810": UNREPEATED,
    "DEB-0811": UNREPEATED,
    "DEB-0831": UNREPEATED,
    "PKGS-7370": "the slot is verified as a whole (RAUC, dm-verity)",
    "PKGS-7394": UNREPEATED,
    "PKGS-7420": UNREPEATED,
    "DEB-0880": "the packet filter limits each sender; a key cannot be guessed",
    "AUTH-9230": NO_PASSWORD,
    "AUTH-9262": NO_PASSWORD,
    "AUTH-9282": NO_PASSWORD,
    "AUTH-9286": NO_PASSWORD,
    "AUTH-9328": "every service sets its own UMask=",
    "BOOT-5264": "ours are at 2.0 or less; of Debian's the ways in cannot be closed",
    "SSH-7408": "port 22 is expected; three lost packets of a modem end no session",
    "LOGG-2154": "a unit sends its journal nowhere; what matters is in its rows",
    "ACCT-9622": "costs writes each minute",
    "ACCT-9626": "costs writes each minute",
    "ACCT-9628": "costs writes each minute; orders of sudo and SSH are in the journal",
    "FINT-4350": "the slot is read-only and verified as a whole",
    "TOOL-5002": "the image is the tool",
    "HRDN-7230": "no file from elsewhere is run",
    "KRNL-6000": "rp_filter is loose for two ways out; packets from impossible senders fill no "
    "journal; the kernel's own values under systemd-nspawn are this computer's",
}


@pytest.fixture(scope="module")
def report(begun: ImageContainer) -> list[list[str]]:
    """Lines of lynis' report: key, then fields."""
    directory = begun.path("/srv/lynis")
    copy(directory)
    script = (
        "cd /srv/lynis && chown -R 0:0 . && ./lynis audit system --quick --no-colors "
        f"--logfile /tmp/lynis.log --report-file {REPORT}"
    )
    begun.run("sh", "-c", script, check=False)
    lines = begun.path(REPORT).read_text().splitlines()
    return [line.replace("=", "|", 1).split("|") for line in lines if "=" in line]


def copy(directory: Path) -> None:
    """Lynis as its archive has it: nothing of it is in the image."""
    shutil.copytree(LIBRARY, directory)
    (directory / "plugins").mkdir(exist_ok=True)
    shutil.copy(PROGRAM, directory)
    shutil.copy(PROFILE, directory)


def test_everything_that_lynis_found_is_mended_or_explained(report: list[list[str]]) -> None:
    found = {line[1]: line[2] for line in report if line[0] in ("warning[]", "suggestion[]")}
    assert {name: text for name, text in found.items() if name not in LEFT} == {}


def test_the_hardening_index_does_not_fall(report: list[list[str]]) -> None:
    (index,) = (int(line[1]) for line in report if line[0] == "hardening_index")
    assert index >= LEAST_INDEX
