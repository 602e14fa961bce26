"""The identity of a unit towards other programs: from the settings, else derived from the machine.

    read_identity(settings)      # "a41f0c53d2be4c1f"

Reads: `[unit] id`, /etc/machine-id. Writes: nothing.
Never: gives the machine id itself to anybody: machine-id(5) keeps that confidential. What is
derived is that of sd_id128_get_machine_app_specific(3): the same after a reboot, an update and a
new name, and another one on each machine.
"""

import hashlib
import hmac
from pathlib import Path
from uuid import UUID

from appliance.errors import SettingsError
from appliance.settings import Settings
from appliance.wording.sentence import say

MACHINE_ID = Path("/etc/machine-id")
APPLICATION = UUID("6f2c1d9a-4b5e-4c37-a1d0-8e6b9c3f7a52").bytes  # of this product; never changes
MACHINE_BYTES = 16
SHOWN_DIGITS = 16  # hex digits of the derived id


def read_identity(settings: Settings, machine_id: Path = MACHINE_ID) -> str:
    """Raises `SettingsError` where there is neither an `id` nor a machine id."""
    if settings.unit.id:
        return settings.unit.id
    try:
        machine = bytes.fromhex(machine_id.read_text().strip())
    except (OSError, ValueError):
        machine = b""
    if len(machine) != MACHINE_BYTES or not any(machine):
        raise SettingsError(
            say(
                "{machine_id} holds no machine id to derive an identity from: give this unit an "
                "`id` in [unit], one that no other unit has",
                machine_id=machine_id,
            )
        )
    return derive(machine, APPLICATION)[:SHOWN_DIGITS]


def derive(machine: bytes, application: bytes) -> str:
    """The application-specific id as systemd computes it, 32 hex digits (a UUID of version 4)."""
    found = bytearray(hmac.new(machine, application, hashlib.sha256).digest()[:16])
    found[6] = (found[6] & 0x0F) | 0x40
    found[8] = (found[8] & 0x3F) | 0x80
    return found.hex()
