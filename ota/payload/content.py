"""Content of the unit: trees and images under the names of their hashes.

    store = ContentStore(directory, files)
    store.list_present()

Reads and writes: `content` and `lists` of the update directory, through `Files`.
Never: shows content that is not whole: it gets its name last.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import TrustError
from ota.files import Files, replace, take_away
from ota.manifest import SHA256, Layer, LayerKind
from ota.payload.disk_faults import tell_disk_faults
from ota.payload.local import Tree, read_blocks
from ota.payload.sources import FileSource, Source, TreeSource
from ota.payload.tree_list import MOST_LIST_BYTES, ListedFile, format_list, parse_list

SUFFIX = ".image"  # ends the name of an operating system's bundle


class ContentStore:
    """What of releases is here; `directory` is the update directory."""

    def __init__(self, directory: Path, files: Files) -> None:
        self.directory = directory
        self.files = files
        self.content = directory / "content"
        self.lists = directory / "lists"
        self.parts = directory / "parts"

    def find_path(self, layer: Layer) -> Path:
        """Where a layer is, or will be."""
        suffix = SUFFIX if layer.kind is LayerKind.OS else ""
        return self.content / f"{layer.sha256}{suffix}"

    def list_present(self) -> frozenset[str]:
        """The hashes of what is here, whole."""
        return frozenset((*self.list_trees(), *self.list_images()))

    def list_trees(self) -> list[str]:
        names = self.files.list_names(self.content)
        return [
            one
            for one in names
            if SHA256.fullmatch(one) and self.files.is_directory(self.content / one)
        ]

    def list_images(self) -> list[str]:
        names = (one.removesuffix(SUFFIX) for one in self.files.list_names(self.content))
        return [one for one in names if SHA256.fullmatch(one) and self.measure_image(one)]

    def measure_image(self, sha256: str) -> int | None:
        return self.files.measure(self.content / f"{sha256}{SUFFIX}")

    # --- reading ---------------------------------------------------------------------------------

    def read_list(self, sha256: str) -> tuple[ListedFile, ...] | None:
        """The list of a tree; None where it is lost or damaged (its hash is the tree's name)."""
        with suppress(OSError, InputError):
            data = self.files.read(self.lists / sha256, most_bytes=MOST_LIST_BYTES)
            if hashlib.sha256(data).hexdigest() == sha256:
                return parse_list(data)
        return None

    def read_trees(self) -> Iterator[Tree]:
        """Each tree with its list."""
        for sha256 in self.list_trees():
            if (listed := self.read_list(sha256)) is not None:
                yield self.content / sha256, listed

    def find_source(self, sha256: str) -> Source | None:
        """A tree or image as one run of bytes; None where it is not here."""
        if (size_bytes := self.measure_image(sha256)) is not None:
            return FileSource(self.files, self.content / f"{sha256}{SUFFIX}", size_bytes)
        listed = self.read_list(sha256) if sha256 in self.list_trees() else None
        root = self.content / sha256
        return None if listed is None else TreeSource(self.files, root, listed)

    # --- verifying -------------------------------------------------------------------------------

    def verify(self, layer: Layer) -> None:
        """Hash a layer whole, as it lies on the disk; raises `TrustError`, `SpaceError`."""
        with tell_disk_faults(self.directory):
            wrong = self.find_wrong(layer)
        if wrong:
            raise TrustError(
                say(
                    "{kind} {version} is not whole on the disk: {wrong}; it is fetched again; "
                    "if this comes back, check the disk",
                    kind=layer.kind.value,
                    version=layer.version,
                    wrong=wrong,
                ),
                "content-damaged",
            )

    def find_wrong(self, layer: Layer) -> str:
        """What is wrong with a layer; "" where nothing is."""
        if layer.kind is LayerKind.OS:
            source = self.find_source(layer.sha256)
            return (
                "" if source and hash_source(source) == layer.sha256 else say("its hash is another")
            )
        listed = self.read_list(layer.sha256)
        if listed is None:
            return say("its list of files is lost")
        return self.find_wrong_file(self.find_path(layer), listed)

    def find_damage(self, sha256: str) -> str:
        """What is wrong with a tree that was whole once; "" where nothing is."""
        listed = self.read_list(sha256)
        if listed is None:
            return say("its list of files is lost")
        try:
            return self.find_wrong_file(self.content / sha256, listed)
        except OSError as error:
            return say("it cannot be read ({cause})", cause=error.strerror)

    def find_wrong_file(self, root: Path, listed: tuple[ListedFile, ...]) -> str:
        if sorted(self.walk(root)) != sorted(root / one.path for one in listed):
            return say("it has other files than its list")
        for one in listed:
            source = FileSource(self.files, root / one.path, one.size_bytes)
            measured = self.files.measure(source.path)
            if measured != one.size_bytes or hash_source(source) != one.sha256:
                return say("{path} has another content", path=one.path)
        return ""

    def walk(self, directory: Path) -> Iterator[Path]:
        """All that is no directory, links too."""
        for name in self.files.list_names(directory):
            path = directory / name
            if self.files.is_directory(path):
                yield from self.walk(path)
            else:
                yield path

    # --- changing --------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the directories, durably; raises `OSError`."""
        for path in (self.content, self.lists, self.parts):
            make_durable(self.files, path)

    def put(self, layer: Layer, made: Path, listed: tuple[ListedFile, ...]) -> None:
        """Give content that is whole and synchronized its name; raises `OSError`."""
        if layer.kind is not LayerKind.OS:
            replace(self.files, self.lists / layer.sha256, format_list(listed))
        self.files.rename(made, self.find_path(layer))
        self.files.sync_directory(self.content)

    def mend(self, layer: Layer, made: Path, listed: tuple[ListedFile, ...]) -> None:
        """Put files of `made` in the place of those that are wrong, each in one step: the tree
        keeps its name, and what is right in it stays. Raises `OSError`.
        """
        root = self.find_path(layer)
        replace(self.files, self.lists / layer.sha256, format_list(listed))
        wanted = {root / one.path: one for one in listed}
        for path in set(self.walk(root)) - wanted.keys():
            self.files.remove(path)
        for path, one in wanted.items():
            if not self.is_right(path, one):
                self.put_file(made / one.path, path=path, root=root)
        folders = {above for one in wanted for above in one.parents}
        for folder in sorted(one for one in folders if one.is_relative_to(root)):
            self.files.sync_directory(folder)

    def is_right(self, path: Path, one: ListedFile) -> bool:
        with suppress(OSError):
            source = FileSource(self.files, path, one.size_bytes)
            return self.files.measure(path) == one.size_bytes and hash_source(source) == one.sha256
        return False

    def put_file(self, made: Path, *, path: Path, root: Path) -> None:
        above = [one for one in path.parents if one.is_relative_to(root) and one != root]
        for folder in reversed(above):
            if not self.files.is_directory(folder):
                self.files.remove(folder)
                self.files.make_directory(folder)
        if self.files.is_directory(path):
            take_away(self.files, path)
        self.files.rename(made, path)

    def remove(self, layer: Layer) -> None:
        """Take content away; raises `SpaceError`."""
        with tell_disk_faults(self.directory):
            take_away(self.files, self.find_path(layer))


def hash_source(source: Source) -> str:
    digest = hashlib.sha256()
    for _, data in read_blocks(source):
        digest.update(data)
    return digest.hexdigest()


def make_durable(files: Files, directory: Path) -> None:
    """A directory that is there after a power cut, with its parents."""
    missing = [one for one in (directory, *directory.parents) if not files.is_directory(one)]
    files.make_directory(directory)
    for one in reversed(missing):
        files.sync_directory(one.parent)
