"""Another key in the place of the unit's own: from then on it is another unit to the fleet.

    key = replace_key(files, directory, tpm, must_be_tpm=True)

Reads and writes: the key's files, and what belonged to the old key: the certificate, the reports
that wait. The key first: what is left of the old one after a cut is refused by all.
Never: begins before the new key is made.
"""

from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import UpdateError
from ota.files import Files, replace
from ota.reporting.file_names import ASKED, CERTIFICATE, PLACE, PRIVATE
from ota.reporting.sent import SENT, WAITING
from ota.reporting.tpm import Tpm
from ota.reporting.unit_key import (
    OWNER_ONLY,
    UnitKey,
    keep_public,
    load_key,
    make_in_tpm,
    make_private,
)


def replace_key(
    files: Files, directory: Path, tpm: Tpm | None, *, must_be_tpm: bool = False
) -> UnitKey:
    """Raises `UpdateError`, `OSError`; then nothing was changed."""
    if must_be_tpm and tpm is None:
        raise UpdateError(
            say(
                "this computer shows no TPM (/dev/tpmrm0): nothing was changed; switch it on in "
                "the firmware, or leave the key where it is"
            ),
            "unit-key-tpm",
        )
    made = make_in_tpm(tpm) if must_be_tpm and tpm else make_private(tpm)
    replace(files, directory / PRIVATE, made, mode=OWNER_ONLY)
    for name in (CERTIFICATE, PLACE, ASKED, WAITING, SENT):
        files.remove(directory / name)
    files.sync_directory(directory)
    key = load_key(files, directory / PRIVATE, tpm)
    keep_public(files, directory, key)
    return key
