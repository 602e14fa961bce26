"""Packs and their indexes: made here, read with nothing but zstd and SHA-256."""

import hashlib
import os
import random
import subprocess
from pathlib import Path

import pytest

from ota.manifest import Payload
from ota.payload.index import Index, parse_index
from ota.payload.packing import PackError, pack_image, pack_tree


def make_tree(root: Path) -> Path:
    (root / "app/deep").mkdir(parents=True)
    (root / "app/main.py").write_bytes(b"print(1)\n" * 100)
    (root / "app/same.py").write_bytes(b"print(1)\n" * 100)
    (root / "app/empty").write_bytes(b"")
    (root / "app/deep/weights").write_bytes(random.Random(1).randbytes(600_000))
    (root / "run").write_bytes(b"#!/bin/sh\n")
    (root / "run").chmod(0o755)
    return root


def read_index(out: Path, payload: Payload) -> Index:
    data = (out / payload.index).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (
        payload.index_bytes,
        payload.index_sha256,
    )
    return parse_index(data)


def unpack_with_zstd(pack: bytes, index: Index, number: int) -> bytes:
    chunk = index.chunks[number]
    frame = pack[chunk.offset : chunk.end]
    data = subprocess.run(["zstd", "-dcq"], input=frame, capture_output=True, check=True).stdout
    assert hashlib.sha256(data).hexdigest() == chunk.sha256
    return data


def test_a_tree_comes_out_of_its_pack_as_it_was(tmp_path: Path) -> None:
    root, out = make_tree(tmp_path / "tree"), tmp_path / "out"
    packed = pack_tree(root, out)
    (payload,) = packed.payloads
    index, pack = read_index(out, payload), (out / payload.pack).read_bytes()
    assert len(pack) == payload.pack_bytes
    assert payload.pack == f"packs/{payload.pack[6:8]}/{hashlib.sha256(pack).hexdigest()}.pack"
    for one in index.files:
        data = b"".join(unpack_with_zstd(pack, index, number) for number in one.chunks)
        assert data == (root / one.listed.path).read_bytes()
    executable = [one.listed.path for one in index.files if one.listed.executable]
    assert executable == ["run"]
    assert packed.size_bytes == 600_000 + 2 * 900 + 10


def test_the_content_hash_of_a_tree_is_that_which_sha256sum_gives(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "tree")
    script = (
        "find . -type f -printf '%P\\n' | LC_ALL=C sort | while read -r f; do "
        'echo "$(sha256sum < $f | cut -c-64) $(stat -c "%a %s" $f) $f"; done | sha256sum'
    )
    (root / "app/main.py").chmod(0o644)
    done = subprocess.run(["sh", "-c", script], cwd=root, capture_output=True, check=True)
    assert pack_tree(root, tmp_path / "out").sha256 == done.stdout.decode().split()[0]


def test_the_same_files_give_the_same_packs_wherever_and_whenever_they_lie(tmp_path: Path) -> None:
    first, second = make_tree(tmp_path / "a"), make_tree(tmp_path / "b")
    os.utime(second / "run", (1, 1))
    (second / "app/main.py").chmod(0o600)
    assert pack_tree(first, tmp_path / "x") == pack_tree(second, tmp_path / "y")


def test_an_image_comes_out_of_its_pack_as_it_was(tmp_path: Path) -> None:
    data = random.Random(2).randbytes(300_000) + bytes(900_000) + b"end"
    (tmp_path / "image").write_bytes(data)
    packed = pack_image(tmp_path / "image", tmp_path / "out")
    (payload,) = packed.payloads
    index, pack = (
        read_index(tmp_path / "out", payload),
        (tmp_path / "out" / payload.pack).read_bytes(),
    )
    assert b"".join(unpack_with_zstd(pack, index, number) for number in index.order) == data
    assert packed.sha256 == hashlib.sha256(data).hexdigest()
    assert len(index.chunks) < len(index.order), "zeros lie in the pack once"


@pytest.mark.parametrize("target", ["/etc/passwd", "main.py", ".."])
def test_a_link_is_not_packed(tmp_path: Path, target: str) -> None:
    (make_tree(tmp_path / "tree") / "app/link").symlink_to(target)
    with pytest.raises(PackError, match="link"):
        pack_tree(tmp_path / "tree", tmp_path / "out")


def test_a_pipe_is_not_packed(tmp_path: Path) -> None:
    os.mkfifo(make_tree(tmp_path / "tree") / "app/pipe")
    with pytest.raises(PackError, match="special"):
        pack_tree(tmp_path / "tree", tmp_path / "out")


def test_a_name_that_a_unit_would_refuse_is_not_packed(tmp_path: Path) -> None:
    (make_tree(tmp_path / "tree") / "app/MAIN.py").write_bytes(b"")
    with pytest.raises(PackError, match="collides"):
        pack_tree(tmp_path / "tree", tmp_path / "out")
