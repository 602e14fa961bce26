"""Settings, keys and connections that a new unit takes at its first boot: in provision/ on its ESP.

    files = read_files(settings, keys, connections)
    put_files("/dev/nvme0n1", esp_begin_bytes, files)

Reads: the technician's files. Writes: the ESP's FAT, by mtools; warnings.
Never: takes a private key, or a file that the unit would not take.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.errors import SettingsError
from appliance.log import redact
from appliance.process.settings_checks import find_all
from appliance.settings_file import build_alone
from provisioning.disk_installation.errors import RefusedError, UnfinishedError

FOLDER = "::provision"
MOST_BYTES = 2**20
CONNECTION = re.compile(r"[A-Za-z0-9._-]{1,60}\.nmconnection")
PUBLIC_KEY = re.compile(r"^([a-z-]+=\S+ )?(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]{40,}", re.MULTILINE)


def read_files(
    settings: Path | None, keys: Path | None, connections: Sequence[Path]
) -> dict[str, bytes]:
    """By their names in provision/; raises `RefusedError`."""
    found = {}
    if settings:
        found["unit.toml"] = check_settings(settings, read(settings))
    if keys:
        found["authorized_keys"] = check_keys(keys, read(keys))
    for one in connections:
        found[one.name] = check_connection(one, read(one))
    return found


def read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise RefusedError(f"{path} is larger than 1 MiB: is it the file that you meant?")
    return data


def check_settings(path: Path, data: bytes) -> bytes:
    """As the unit reads it: each key, type and range, and what they say together. What its services
    know beside that is a warning: it may be of files that only the unit has.
    """
    try:
        settings = build_alone(path, data)
    except SettingsError as error:
        raise RefusedError(redact(str(error))) from error
    for finding in find_all(settings):
        print(f"warning: {redact(finding.format(settings))}", file=sys.stderr)
    return data


def check_keys(path: Path, data: bytes) -> bytes:
    text = data.decode(errors="replace")
    if "PRIVATE KEY" in text:
        raise RefusedError(f"{path} is a private key: give the public one, {path}.pub")
    if not PUBLIC_KEY.search(text):
        raise RefusedError(f"{path} has no public key of SSH: one a line, as in NAME.pub")
    return data


def check_connection(path: Path, data: bytes) -> bytes:
    if not CONNECTION.fullmatch(path.name) or b"[connection]" not in data:
        raise RefusedError(
            f"{path} is no connection of NetworkManager: NAME.nmconnection, with [connection]"
        )
    return data


def put_files(disk: str, esp_begin_bytes: int, files: Mapping[str, bytes]) -> None:
    """Raises `UnfinishedError`."""
    place = ("-i", f"{disk}@@{esp_begin_bytes}")
    for name, data in files.items():
        run("mcopy", "-o", *place, "-", f"{FOLDER}/{name}", data=data)
        if run("mtype", *place, f"{FOLDER}/{name}") != data:
            raise UnfinishedError(f"{name} cannot be read back from the ESP")


def run(*words: str, data: bytes = b"") -> bytes:
    """A program of mtools."""
    try:
        done = subprocess.run(words, input=data, capture_output=True, check=False)
    except OSError as error:
        raise UnfinishedError(f"{words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip()[-300:]
        raise UnfinishedError(f"the ESP cannot be written: {why}")
    return done.stdout
