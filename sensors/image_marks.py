"""Faults of which an image's first programs left a mark in memory, before any service ran.

Reads: files below /run/appliance-image, and the recovery key where nobody has taken it.
Writes: nothing.
Never: looks for the cause itself: on a unit without the image there are no marks.
"""

from collections.abc import Iterator
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.wording.sentence import say
from sensors.errors import DiskError, EncryptionError, ProvisionError

# Written by an image's initial RAM disk where the data partition could not be mounted.
DATA_IN_MEMORY = Path("run/appliance-image/data-in-memory")
# By its image-provision.service, where settings or key were lost, and came from kept/ on the ESP.
SETTINGS_LOST = Path("run/appliance-image/settings-lost")
# By an image with encrypted data: its initial RAM disk, and the key until it was taken away.
DATA_LOCKED = Path("run/appliance-image/data-locked")
NOT_ENCRYPTED = Path("run/appliance-image/data-not-encrypted")
RECOVERY_KEY = Path("var/lib/recovery-key")
# By its image-provision.service: what it did not take of provision/ on the ESP, a line each.
PROVISION_REFUSED = Path("run/appliance-image/provision-refused")
MOST_REFUSED_BYTES = 600  # of its text; all of it stands in provision/RESULT.txt


def find_marked_faults(root: Path) -> Iterator[ApplianceError]:
    """All of them."""
    yield from find_lost_data(root)
    yield from find_lost_settings(root)
    yield from find_key_warnings(root)
    yield from find_refused_files(root)


def find_lost_data(root: Path) -> list[ApplianceError]:
    """The fault of a unit that was booted without its data partition."""
    if not (root / DATA_IN_MEMORY).exists():
        return []
    if (root / DATA_LOCKED).exists():
        return [
            EncryptionError(
                say(
                    "the TPM does not open the data partition (another mainboard, a firmware that "
                    "was reset): this unit runs in memory and keeps nothing over a restart; put "
                    "the recovery key as provision/recovery-key on the first partition and restart"
                )
            )
        ]
    return [
        DiskError(
            say(
                "the data partition cannot be mounted: this unit runs in memory with a copy of its "
                "settings, and keeps nothing over a restart; save what can be saved from the disk, "
                "then write the image anew or change the disk"
            )
        )
    ]


def find_lost_settings(root: Path) -> list[ApplianceError]:
    """The fault of a unit whose settings or key came from their copy, until its next start."""
    if not (root / SETTINGS_LOST).exists():
        return []
    return [
        DiskError(
            say(
                "settings or the technician's key were lost on the data partition and came from "
                "the copy on the first partition (`journalctl -u image-provision` names them): "
                "look at them (`unitctl settings`; of encrypted data the copy has no passwords), "
                "and copy the database, for the disk may be failing"
            )
        )
    ]


def find_key_warnings(root: Path) -> list[ApplianceError]:
    """What a technician has still to do about encryption, on an image that encrypts its data."""
    if (root / NOT_ENCRYPTED).exists():
        return [
            EncryptionError(
                say(
                    "the data partition is not encrypted, though this image asks for it: switch "
                    "the TPM 2.0 on in the firmware's setup, then write the image anew"
                )
            )
        ]
    if (root / RECOVERY_KEY).exists():
        return [
            EncryptionError(
                say(
                    "the recovery key of the encrypted data still lies in this unit: `sudo "
                    "recovery-key` shows it; keep it elsewhere, then `sudo recovery-key taken`"
                )
            )
        ]
    return []


def find_refused_files(root: Path) -> list[ApplianceError]:
    """The fault of a unit that did not take what somebody put on its first partition."""
    try:
        with (root / PROVISION_REFUSED).open("rb") as file:
            text = file.read(MOST_REFUSED_BYTES)
    except OSError:
        return []
    refused = "; ".join(text.decode(errors="replace").split("\n")).strip("; ")
    if not refused:
        return []
    return [
        ProvisionError(
            say(
                "a file in provision/ on the first partition was not used: {refused} (mend or "
                "delete it there, then restart)",
                refused=refused,
            )
        )
    ]
