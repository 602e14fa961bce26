"""Which files of a release are the program: the packages of pyproject.toml and their data.

Reads: the release's directory. Writes: a copy, to build from.
Never: takes a file that pyproject.toml does not name.
"""

import shutil
import tomllib
from pathlib import Path

BUILD_FILES = ("pyproject.toml", "README.md", "LICENSE")


def list_sources(release: Path) -> dict[str, Path]:
    """The files of the program by their names below site-packages."""
    project = tomllib.loads((release / "pyproject.toml").read_text())
    setuptools = project["tool"]["setuptools"]
    found: set[Path] = set()
    for package in setuptools["packages"]:
        found |= set((release / package.replace(".", "/")).glob("*.py"))
    for package, patterns in setuptools["package-data"].items():
        for pattern in patterns:
            found |= set((release / package.replace(".", "/")).glob(one_below(pattern)))
    return {str(path.relative_to(release)): path for path in sorted(found) if path.is_file()}


def one_below(pattern: str) -> str:
    """A pattern of setuptools, where `**` at the end means files too, as pathlib has it."""
    return f"{pattern}/*" if pattern.endswith("**") else pattern


def copy_sources(release: Path, directory: Path) -> None:
    """What a wheel is built from."""
    for name, source in list_sources(release).items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    for name in BUILD_FILES:
        shutil.copyfile(release / name, directory / name)
