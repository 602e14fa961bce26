"""Secrets that a person types, or a program gives in one line of standard input.

Reads: the terminal, or standard input. Writes: the question, to the terminal.
Never: shows what is typed, or takes it from the command line.
"""

import getpass
import sys

from appliance.strict_json import InputError

LONGEST = 1000


def read_new_secret(question: str) -> str:
    """A new secret: at a terminal typed twice. Raises `InputError`."""
    if sys.stdin is None:
        raise InputError("there is no standard input to read it from")
    if not sys.stdin.isatty():
        line = sys.stdin.buffer.readline(LONGEST + 2).rstrip(b"\r\n")
        if len(line) > LONGEST:
            raise InputError(f"the first line of standard input is longer than {LONGEST} bytes")
        try:
            return line.decode()
        except UnicodeDecodeError:
            raise InputError("the first line of standard input is no text (UTF-8)") from None
    try:
        typed = getpass.getpass(f"{question}: ")
        if getpass.getpass("The same again: ") != typed:
            raise InputError("the two are not the same")
    except EOFError:
        raise InputError("nothing was typed") from None
    return typed
