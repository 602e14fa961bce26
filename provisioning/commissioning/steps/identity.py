"""The step "identity": the unit's own key, in its TPM where there is one, and the box's serial.

Reads: the update directory, the TPM. Writes: the key, where there is none.
Never: puts another key in the place of one that is there, also of one that cannot be read.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.process.unit_identity import read_identity
from appliance.wording.sentence import Sentence, say
from ota.commands.acting import acting_as_owner
from ota.disk import Disk
from ota.files import Files
from ota.reporting.file_names import PRIVATE
from ota.reporting.new_key import replace_key
from ota.reporting.tpm import Tpm, find_tpm
from ota.reporting.unit_key import UnitKey, load_key, read_key
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.unit import Unit

TPM, ANY = "tpm", "any"
PLACE_KEY = "place"
CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class IdentityStep:
    """`[identity] place = "tpm"` takes no key in a file; "any", the default, does."""

    name: str = "identity"
    table: str = "identity"
    keys: tuple[str, ...] = (PLACE_KEY,)
    files: Files = field(default_factory=Disk)
    find_tpm: Callable[[], Tpm | None] = find_tpm

    @property
    def title(self) -> Sentence:
        return say("the unit's own key, and the serial of the box")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, tpm = answers.find_choice(PLACE_KEY, (TPM, ANY)), self.find_tpm()
        key = self._find_key(unit, tpm)
        if wanted == TPM and tpm is None:
            return Outcome(
                Status.BLOCKED,
                say(
                    "the key is to be in a TPM, and this computer shows none: switch it on in the "
                    "firmware, or leave out `place` in [identity]"
                ),
            )
        if key is None:
            reason = say("a key is to be made in a file: this computer shows no TPM")
            if tpm is not None:
                reason = say("a key is to be made in the TPM of this computer")
            return Outcome(Status.TO_DO, reason)
        return judge(unit, key, wanted, tpm)

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, tpm = answers.find_choice(PLACE_KEY, (TPM, ANY)), self.find_tpm()
        directory = unit.settings().update.dir
        self.files.make_directory(directory)
        with acting_as_owner(directory):
            if wanted == TPM and self._find_key(unit, tpm) is None:
                replace_key(self.files, directory, tpm, must_be_tpm=True)
            key = read_key(self.files, directory, tpm)
        return judge(unit, key, wanted, tpm)

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, tpm = answers.find_choice(PLACE_KEY, (TPM, ANY)), self.find_tpm()
        key = self._find_key(unit, tpm)
        if key is None or not signs(key):
            reason = say(
                "the unit's key does not sign: make another one, `unitctl fleet key --new`"
            )
            return Outcome(Status.BLOCKED, reason)
        return judge(unit, key, wanted, tpm)

    def _find_key(self, unit: Unit, tpm: Tpm | None) -> UnitKey | None:
        """None where there is none. Raises `UpdateError` for one that cannot be read."""
        directory = unit.settings().update.dir
        if PRIVATE not in self.files.list_names(directory):
            return None
        return load_key(self.files, directory / PRIVATE, tpm)


def judge(unit: Unit, key: UnitKey, wanted: str | None, tpm: Tpm | None) -> Outcome:
    """Where a unit with this key stands."""
    serial = read_identity(unit.settings())
    facts = {"serial": serial, "key_place": key.place, "key_sha256": key.sha256}
    if key.place == "TPM" and tpm is None:
        return Outcome(
            Status.BLOCKED,
            say(
                "the unit's key is in a TPM that this computer does not show: switch it on in the "
                "firmware, or look at /dev/tpmrm0"
            ),
            facts=facts,
        )
    if key.place == "TPM":
        reason = say(
            "the unit's key is in its TPM; the serial of the box is {serial}", serial=serial
        )
        return Outcome(Status.DONE, reason, facts=facts)
    if wanted == TPM:
        return Outcome(
            Status.BLOCKED,
            say(
                "the unit's key is in a file, and is to be in the TPM: `unitctl fleet key "
                "--move-to-tpm` makes a new one there, which is a new identity"
            ),
            facts=facts,
        )
    reason = say("the unit's key is in a file; the serial of the box is {serial}", serial=serial)
    if tpm is not None:
        reason = say(
            "the unit's key is in a file, though this computer has a TPM: `unitctl fleet key "
            "--move-to-tpm` makes a new one there; the serial of the box is {serial}",
            serial=serial,
        )
    return Outcome(Status.DONE, reason, facts=facts)


def signs(key: UnitKey) -> bool:
    """Whether a signature of it holds. Raises `UpdateError`."""
    data = os.urandom(CHALLENGE_BYTES)
    try:
        key.public.verify(key.sign(data), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
