"""Import of files from outside: a model, its card, or both in one pack (FILE.zip).

Reads: the files it is given. Writes: copies of them, into the directory it is given.
Never: waits for a FIFO or a device, and never unpacks more than a model may have, whatever the
pack declares.
"""

import mmap
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from appliance.errors import ModelError
from appliance.store.durable_files import write_file
from appliance.wording.sentence import say
from inference.detection.model_card import parse_card, read_card_bytes
from inference.model_store.card_making.request import CardMaker
from inference.model_store.directories import FILE_MODE
from inference.model_store.limits import (
    MIB,
    MOST_MODEL_BYTES,
    MOST_PACK_MEMBERS,
    MOST_TEXT_BYTES,
)

ZIP = b"PK\x03\x04"
ARCHIVES = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-zip"}
ARCHIVES[b"\x28\xb5\x2f\xfd"] = "zstd"
TAR_AT = 257
MEMBER_HEAD = b"PK\x01\x02"  # one for each member, in the list at a pack's end
TEXTS = (".md", ".txt", "")  # what else may lie in a pack: licence, provenance
CHUNK = MIB
NO_NAMES = ("", "verdict")  # verdict.json lies beside the model


def copy_model(source: Path, card: Path | None, *, target: Path, maker: CardMaker) -> Path:
    """Copy a model and its card into `target`, named as the card says; returns the model's path.

    Where there is no card, `maker` makes it. Raises `ModelError` in one sentence for all that is
    neither a model nor a pack.
    """
    with open_model(source) as file:
        head = file.read(TAR_AT + 8)
        file.seek(0)
        if head.startswith(ZIP):
            return unpack(source, file, card=card, target=target, maker=maker)
        refuse_archive(source, head)
        beside = card or source.with_suffix(".json")
        if card is None and not os.path.exists(beside):
            return write_without_card(read_chunks(file), source, target=target, maker=maker)
        return write_model(
            read_chunks(file), read_card_bytes(beside), card_path=beside, target=target
        )


def open_model(source: Path) -> IO[bytes]:
    """A regular file of a model's size, open; anything else is a `ModelError`."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ModelError(
            say(
                "the model {source} cannot be read: {cause}; check its name and its mode",
                source=source,
                cause=error.strerror,
            )
        ) from error
    try:
        require_model_size(source, os.fstat(handle))
    except ModelError:
        os.close(handle)
        raise
    return open(handle, "rb")


def require_model_size(source: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ModelError(
            say(
                "{source} is no file but a {kind}; name a model's file",
                source=source,
                kind=format_kind(facts.st_mode),
            )
        )
    if facts.st_size == 0:
        raise ModelError(say("the model {source} is empty; copy it again", source=source))
    if facts.st_size > MOST_MODEL_BYTES:
        raise ModelError(
            say(
                "{source} has {size_mib:.0f} MiB, a model here may have {most_mib:.0f}; "
                "choose a smaller one",
                source=source,
                size_mib=facts.st_size / MIB,
                most_mib=MOST_MODEL_BYTES / MIB,
            )
        )


def format_kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "pipe" if stat.S_ISFIFO(mode) else "device or socket"


def refuse_archive(source: Path, head: bytes) -> None:
    kinds = [name for magic, name in ARCHIVES.items() if head.startswith(magic)]
    if head[TAR_AT : TAR_AT + 5] == b"ustar":
        kinds.append("tar")
    if kinds:
        raise ModelError(
            say(
                "{source} is an archive ({kinds}) and no model; unpack it, or make a pack of "
                "model and card with zip",
                source=source,
                kinds=kinds[0],
            )
        )


def write_model(data: Iterator[bytes], card: bytes, *, card_path: Path, target: Path) -> Path:
    """Write model and card into `target` under the card's name."""
    name = parse_card(card, card_path).name
    if name in NO_NAMES or name.endswith(".onnx"):
        raise ModelError(
            say(
                "the card {card_path} has no name that can be used ({name}); give it one of "
                "a-z, 0-9 and hyphens",
                card_path=card_path,
                name=repr(name),
            )
        )
    write_file(target / f"{name}.json", [card], mode=FILE_MODE)
    model = target / f"{name}.onnx"
    write_file(model, data, mode=FILE_MODE)
    return model


def write_without_card(
    data: Iterator[bytes], source: Path, *, target: Path, maker: CardMaker
) -> Path:
    """Write a model into `target`, and the card that is made for it."""
    model = target / f"{maker.choose_name(source)}.onnx"
    write_file(model, data, mode=FILE_MODE)
    write_file(model.with_suffix(".json"), [maker.make(model)], mode=FILE_MODE)
    return model


def read_chunks(file: IO[bytes], most: int = MOST_MODEL_BYTES) -> Iterator[bytes]:
    """A file's bytes; a `ModelError` where they do not end in time."""
    count = 0
    while chunk := read_chunk(file):
        count += len(chunk)
        if count > most:
            raise ModelError(
                say(
                    "the model is larger than {most:.0f} MiB; choose a smaller one", most=most / MIB
                )
            )
        yield chunk


def read_chunk(file: IO[bytes]) -> bytes:
    try:
        return file.read(CHUNK)
    except OSError as error:
        raise ModelError(
            say(
                "the model could not be read to its end ({cause}); copy it again",
                cause=error.strerror,
            )
        ) from error


def unpack(
    source: Path, file: IO[bytes], *, card: Path | None, target: Path, maker: CardMaker
) -> Path:
    """The model and the card of a pack; a card is made where it has none."""
    require_few_members(source, file)
    try:
        with zipfile.ZipFile(file) as pack:
            members = {
                Path(info.filename).suffix: info for info in list_sound_members(source, pack)
            }
            inner = members.get(".json")
            if ".onnx" not in members:
                raise ModelError(say("the pack {source} lacks a model (.onnx)", source=source))
            if inner is None and card is None:
                with pack.open(members[".onnx"]) as model:
                    bare = Path(members[".onnx"].filename)
                    return write_without_card(read_chunks(model), bare, target=target, maker=maker)
            card_path = card or source / str(inner and inner.filename)
            card_data = (
                read_card_bytes(card) if card else pack.read(inner.filename if inner else "")
            )
            with pack.open(members[".onnx"]) as model:
                return write_model(
                    read_chunks(model), card_data, card_path=card_path, target=target
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(
            say("the pack {source} is damaged ({error}); copy it again", source=source, error=error)
        ) from error


def require_few_members(source: Path, file: IO[bytes]) -> None:
    """Count a pack's members before anything lists them: a list of millions is a bomb as well."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found, at = 0, data.find(MEMBER_HEAD)
        while at >= 0 and found <= MOST_PACK_MEMBERS:
            found, at = found + 1, data.find(MEMBER_HEAD, at + 1)
    if found > MOST_PACK_MEMBERS:
        raise ModelError(
            say(
                "the pack {source} has more than {most_pack_members} files; pack one model and "
                "its card alone",
                source=source,
                most_pack_members=MOST_PACK_MEMBERS,
            )
        )


def list_sound_members(source: Path, pack: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """A pack's members, checked for size, place and kind."""
    members = pack.infolist()
    seen: set[str] = set()
    for info in members:
        suffix = Path(info.filename).suffix
        most = MOST_MODEL_BYTES if suffix == ".onnx" else MOST_TEXT_BYTES
        if info.file_size > most:
            raise ModelError(
                say(
                    "the pack {source} would unpack {filename} to {size_mib:.0f} MiB, "
                    "{most:.0f} are allowed; nothing was unpacked",
                    source=source,
                    filename=repr(info.filename),
                    size_mib=info.file_size / MIB,
                    most=most / MIB,
                )
            )
        if Path(info.filename).name != info.filename or info.is_dir():
            raise ModelError(
                say(
                    "the pack {source} holds {filename} in a directory; pack plain files",
                    source=source,
                    filename=repr(info.filename),
                )
            )
        if suffix not in (".onnx", ".json", *TEXTS) or (suffix in seen and suffix not in TEXTS):
            raise ModelError(
                say(
                    "the pack {source} holds {filename} besides one model and one card; pack "
                    "these alone",
                    source=source,
                    filename=repr(info.filename),
                )
            )
        seen.add(suffix)
    return members
