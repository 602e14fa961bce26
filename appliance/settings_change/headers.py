"""The lines around the headers of a settings file that was changed: a blank one before each new
section, and the comment above a header stays there.

In: the old text and the new one. Out: the new one, tidied. Pure.
Never: looks into values: whoever calls it compares what the text says before and after.
"""

import re
from collections.abc import Iterator

HEADER = re.compile(r"\s*\[")


def tidy(old: str, new: str) -> str:
    """The new text; a comment that stood directly above a header, and a line before a new one."""
    above = dict(list_headers(old.splitlines()))
    lines: list[str] = []
    for line in new.splitlines(keepends=True):
        if HEADER.match(line):
            block, is_apart = above.get(line.strip(), ([], True))
            has_block = find_block(lines) == block
            if is_apart and lines and lines[-1].strip() and not (block and has_block):
                lines.append("\n")
            if block and not has_block:
                lines += [f"{one}\n" for one in block]
        lines.append(line)
    return "".join(lines)


def list_headers(lines: list[str]) -> Iterator[tuple[str, tuple[list[str], bool]]]:
    """Each header with the comment lines directly above it, and whether a blank one is before."""
    for number, line in enumerate(lines):
        if HEADER.match(line):
            block = find_block(lines[:number])
            before = number - len(block) - 1
            yield line.strip(), (block, before >= 0 and not lines[before].strip())


def find_block(lines: list[str]) -> list[str]:
    """The comment lines at the end."""
    block: list[str] = []
    for line in reversed(lines):
        if not line.lstrip().startswith("#"):
            break
        block.insert(0, line.rstrip("\r\n"))
    return block
