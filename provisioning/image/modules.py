"""Which modules of the kernel an image holds: those that packages/*-modules.txt let stay.

Reads: those lists, what depmod found. Removes: files below lib/modules of the root.
Never: leaves a module without another one that it needs.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

LISTS = Path(__file__).parent / "packages"
SUFFIXES = (".ko.xz", ".ko")


def read_rules(package_sets: Iterable[str]) -> list[tuple[bool, str]]:
    """Whether it stays, and a path; of all sets that have a list, in their order."""
    files = [LISTS / f"{name}-modules.txt" for name in package_sets]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    words = [line.split() for line in lines if line[:1] in ("+", "-")]
    return [(sign == "+", path) for sign, path, *_ in words]


def read_needs(lines: Iterable[str]) -> dict[str, list[str]]:
    """Each module with all that it needs, of lines of modules.dep."""
    parts = [line.partition(":") for line in lines]
    return {module: needs.split() for module, _, needs in parts}


def choose_left_out(needs: Mapping[str, list[str]], rules: Iterable[tuple[bool, str]]) -> set[str]:
    """The modules that go by the last rule that fits, and that no module needs which stays."""
    known = list(rules)
    stay = {module for module in needs if stays(module, known)}
    stay |= {one for module in stay for one in needs[module]}
    return set(needs) - stay


def stays(module: str, rules: Iterable[tuple[bool, str]]) -> bool:
    """`module`: as in modules.dep, `kernel/fs/fat/vfat.ko.xz`."""
    name = module.removeprefix("kernel/")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    answers = [answer for answer, path in rules if f"{name}/".startswith(f"{path}/")]
    return answers[-1] if answers else True


def leave_out_modules(root: Path, package_sets: Iterable[str]) -> None:
    """Before depmod: modules.dep is still that of the whole kernel."""
    rules = read_rules(package_sets)
    for kernel in (root / "usr/lib/modules").iterdir():
        needs = read_needs((kernel / "modules.dep").read_text().splitlines())
        for module in choose_left_out(needs, rules):
            (kernel / module).unlink()
