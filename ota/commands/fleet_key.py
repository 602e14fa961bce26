"""`unitctl fleet key`: where the unit's key is; another one, as another identity.

Reads: settings, the key. Writes: through ota/reporting/.
Never: changes who the unit is without being told to.
"""

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.settings import Settings
    from ota.reporting.unit_key import UnitKey

NEW = (
    "this is a new identity: the old certificate is void; have a token made on the server with "
    "`fleet claim UNIT --serial SERIAL --replace`, and enter with it (`unitctl fleet claim TOKEN`)"
)


def add_key_arguments(action: argparse.ArgumentParser) -> None:
    how = action.add_mutually_exclusive_group()
    text = "a new key in the TPM: a new identity, which enters the fleet anew"
    how.add_argument("--move-to-tpm", action="store_true", help=text)
    text = "a new key, in the TPM where there is one, else in a file: a new identity too"
    how.add_argument("--new", action="store_true", help=text)


def run_key(arguments: argparse.Namespace) -> int:
    from appliance.commands.opening import load_unit_settings  # noqa: PLC0415
    from ota.commands.acting import acting_as_owner  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415

    settings = load_unit_settings(arguments)
    Disk().make_directory(settings.update.dir)
    with acting_as_owner(settings.update.dir):
        key, is_new = change(settings, arguments)
    found = {"place": key.place, "sha256": key.sha256, "is_new": is_new}
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        print(f"the unit's key is in {'a TPM' if key.place == 'TPM' else 'a file'}: {key.sha256}")
    if is_new:
        print(NEW, file=sys.stderr)
    return 0


def change(settings: "Settings", arguments: argparse.Namespace) -> "tuple[UnitKey, bool]":
    """The key, and whether it took the place of another one. Raises `UpdateError`, `OSError`."""
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.new_key import replace_key  # noqa: PLC0415
    from ota.reporting.tpm import find_tpm  # noqa: PLC0415
    from ota.reporting.unit_key import read_key  # noqa: PLC0415

    files, directory = Disk(), settings.update.dir
    if arguments.new:
        return replace_key(files, directory, find_tpm()), True
    key = read_key(files, directory)
    if not arguments.move_to_tpm or key.place == "TPM":
        return key, False
    return replace_key(files, directory, find_tpm(), must_be_tpm=True), True
