"""The numbers of users and groups: the same in every release, since files in /var keep them.

Reads: accounts/passwd, accounts/group. Writes: the root's lists of accounts.
Never: lets a package choose a number.
"""

from collections.abc import Iterable
from pathlib import Path

from provisioning.image.tools import ImageError

HERE = Path(__file__).parent / "accounts"
LISTS = ("passwd", "group")
FIRST, LAST = 101, 59_999  # below: Debian's own, the same everywhere
# Before any package is configured: its scripts find the accounts there.
HOOK = (
    f'cat {HERE}/passwd >>"$1/etc/passwd"; cat {HERE}/group >>"$1/etc/group"; '
    f'cut -d: -f1 {HERE}/passwd | sed "s/$/:!*:20000::::::/" >>"$1/etc/shadow"'
)


def read_numbers(lines: Iterable[str]) -> dict[str, int]:
    """Names with their numbers, of lines of passwd or group."""
    found = {}
    for line in lines:
        name, _, number, *_ = line.split(":")
        if FIRST <= int(number) <= LAST:
            found[name] = int(number)
    return found


def require_known(root: Path) -> None:
    """Raise `ImageError` for an account that a package has numbered by itself."""
    for name in LISTS:
        known = read_numbers((HERE / name).read_text().splitlines())
        found = read_numbers((root / "etc" / name).read_text().splitlines())
        if others := sorted(found.items() - known.items()):
            shown = ", ".join(f"{account} ({number})" for account, number in others)
            raise ImageError(
                f"{shown}: not in provisioning/image/accounts/{name}; add a line there with a "
                "number that no other has, so that it is the same in every release"
            )
