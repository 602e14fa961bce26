"""What the commands of `fleet` share: which fleet, which keys, which secrets, what time it is.

Reads: the command line, $FLEET. Writes: nothing.
Never: takes a secret as a word of the command line.
"""

import argparse
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from appliance.parsing.arguments import PATH
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet, opened_fleet
from ota.release.keys.secrets_source import SecretsSource

VARIABLE = "FLEET"
KEY_HELP = "a key that is elsewhere than `fleet keys list` says: a PEM file or a PKCS#11 URI"


def add_fleet(parser: argparse.ArgumentParser) -> None:
    text = "directory of the fleet (default: $FLEET, else the current directory)"
    parser.add_argument("--fleet", type=PATH, metavar="DIR", default=None, help=text)


def add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help=KEY_HELP)
    add_secrets(parser)


def add_secrets(parser: argparse.ArgumentParser) -> None:
    text = "file with a passphrase or PIN in one line; without KEY= for all keys"
    parser.add_argument("--secret", action="append", default=[], metavar="[KEY=]FILE", help=text)


def find_directory(arguments: argparse.Namespace) -> Path:
    given: Path | None = arguments.fleet
    return given or Path(os.environ.get(VARIABLE) or ".")


def find_now(arguments: argparse.Namespace) -> datetime:
    """The time that is signed; tests of a later day give one."""
    now: datetime | None = getattr(arguments, "now", None)
    return now or datetime.now(UTC)


def open_fleet(
    arguments: argparse.Namespace, *, wait_s: float = 0.0
) -> AbstractContextManager[Fleet]:
    return opened_fleet(
        find_directory(arguments),
        find_now(arguments),
        find_secrets(arguments),
        getattr(arguments, "key", []),
        wait_s=wait_s,
    )


def find_secrets(arguments: argparse.Namespace) -> SecretsSource:
    given = getattr(arguments, "secret", [])
    return SecretsSource({key: Path(path) for key, path in split_pairs(given, "--secret", "")})


def split_pairs(
    given: Iterable[str], option: str, otherwise: str | None = None
) -> list[tuple[str, str]]:
    """NAME=VALUE of an option that may come several times; no name twice."""
    found: dict[str, str] = {}
    for word in given:
        name, is_pair, value = word.partition("=")
        if not is_pair and otherwise is not None:
            name, value = otherwise, word
        if not value or (not name and otherwise is None):
            raise ReleaseError(f"{option} {word} is no NAME=VALUE")
        if name in found:
            raise ReleaseError(f"{option} names {name or 'all keys'} twice; leave one out")
        found[name] = value
    return list(found.items())
