"""Passphrases of key files and PINs of tokens: from a file, else from whoever sits at the terminal.

Reads: files of `--secret`, the terminal. Writes: nothing.
Never: takes a secret from the command line itself, where every process of the machine sees it.
"""

import getpass
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ota.release.errors import ReleaseError

LONGEST_BYTES = 1024


def ask_terminal(prompt: str) -> str:
    if not sys.stdin or not sys.stdin.isatty():
        raise ReleaseError(
            f"{prompt} is needed, and there is no terminal to ask at: write it into a file of mode "
            "0600 and name it with --secret KEY=FILE"
        )
    return getpass.getpass(f"{prompt}: ")


@dataclass(frozen=True)
class SecretsSource:
    """`files`: by name of the key; "" is for all others."""

    files: Mapping[str, Path] = field(default_factory=dict)
    ask: Callable[[str], str] = ask_terminal

    def find(self, key: str, what: str) -> str:
        """The secret of a key; `what` is "passphrase" or "PIN"."""
        path = self.files.get(key) or self.files.get("")
        if path:
            return read_secret(path)
        return self.ask(f"the {what} of the key {key}")


def read_secret(path: Path) -> str:
    """The first line of a file."""
    with path.open("rb") as file:
        data = file.read(LONGEST_BYTES + 1)
    line = data.split(b"\n")[0].rstrip(b"\r")
    if len(data) > LONGEST_BYTES or not line:
        raise ReleaseError(
            f"{path} holds no secret: one line of at most {LONGEST_BYTES} bytes does"
        )
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ReleaseError(f"{path} holds no text; a secret is one line of UTF-8") from None
