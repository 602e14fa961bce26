"""One field of the settings: its default, its help text and its allowed range.

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the range given here.
"""

from dataclasses import field
from enum import Enum
from typing import Any


def format_choice(member: Enum) -> str:
    """How a choice is spelled in the file: its value, a level by its name."""
    return member.value if isinstance(member.value, str) else member.name.lower()


def setting(
    default: Any,
    text: str,
    low: float | None = None,
    high: float | None = None,
    *,
    choices: tuple[int, ...] = (),
) -> Any:
    """A settings field with its default, its help text and (for numbers) its allowed range, or
    the numbers that it may be.
    """
    metadata = {"help": text, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)
