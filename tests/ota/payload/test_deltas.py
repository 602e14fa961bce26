"""Deltas: smaller than a full payload, bit-exact, refused where the old layer is not whole."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from ota.errors import TrustError
from ota.manifest import LayerKind
from ota.payload.ext4_map import read_file_map
from ota.payload.image_delta import ImageDelta
from ota.payload.packing import pack_image
from ota.payload.store import Seed
from tests.ota.payload.releases import (
    NEW,
    OLD,
    UPDATES,
    fetch,
    make_fetcher,
    make_layer,
    make_manifest,
    publish_tree,
    read_tree,
    write_files,
)
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles

LIBRARY = Random(5).randbytes(400_000)
BEFORE = {**OLD, "lib/libx-1.2.so": LIBRARY, "lib/gone.py": b"gone = 1\n"}
AFTER = {**NEW, "lib/libx-1.3.so": LIBRARY[:9000] + b"changed" + LIBRARY[9000:]}


def make_ext4(path: Path, root: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(8 * 1024**2)
    command = ["mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", "-d", str(root), str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    """Two file systems, of BEFORE and of AFTER."""
    roots = write_files(tmp_path / "before", BEFORE), write_files(tmp_path / "after", AFTER)
    old, new = (make_ext4(root.with_suffix(".ext4"), root) for root in roots)
    return old, new


def test_a_tree_comes_as_a_patch_of_the_one_that_is_here(tmp_path: Path) -> None:
    files = RecordingFiles()
    old, new = publish_tree(tmp_path, BEFORE), publish_tree(tmp_path, AFTER, old=BEFORE)
    assert [one.needs_sha256 for one in new.payloads] == [old.sha256, ""]
    fetcher = make_fetcher(files, tmp_path / "out")
    fetch(fetcher, old)
    assert fetch(fetcher, new) < 400
    assert read_tree(files, UPDATES / "content" / new.sha256) == AFTER
    fetcher.verify(new)


def test_without_the_old_tree_the_full_payload_comes(tmp_path: Path) -> None:
    new = publish_tree(tmp_path, AFTER, old=BEFORE)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    assert fetch(fetcher, new) == new.payloads[1].pack_bytes
    fetcher.verify(new)


def test_a_damaged_old_tree_is_no_base_and_none_of_its_damage_is_taken_over(tmp_path: Path) -> None:
    files = RecordingFiles()
    old, new = publish_tree(tmp_path, BEFORE), publish_tree(tmp_path, AFTER, old=BEFORE)
    fetcher = make_fetcher(files, tmp_path / "out")
    fetch(fetcher, old)
    root = UPDATES / "content" / old.sha256
    files.write(root / "lib/libx-1.2.so", b"damage", offset=70_000)
    files.write(root / "app/other.py", b"damage", offset=0)
    assert fetcher.plan(make_manifest(new)).payloads == ((new, new.payloads[1]),)
    fetch(fetcher, new)
    fetcher.verify(new)


def test_a_delta_is_whole_or_not_here_after_every_cut(tmp_path: Path) -> None:
    start = RecordingFiles()
    small = {**OLD, "app/deep/weights": Random(1).randbytes(3000)}
    old, new = (
        publish_tree(tmp_path, small),
        publish_tree(tmp_path, {**small, "x": b"1"}, old=small),
    )
    out = tmp_path / "out"
    fetch(make_fetcher(start, out), old)
    for cut in list_cuts(lambda files: fetch(make_fetcher(files, out), new), start, torn=2):
        fetcher = make_fetcher(cut.files, out)
        fetch(fetcher, new)
        fetcher.verify(new)
        fetcher.verify(old)


def test_a_layer_without_a_payload_for_this_unit_is_refused(tmp_path: Path) -> None:
    new = publish_tree(tmp_path, AFTER, old=BEFORE)
    only_delta = replace(new, payloads=new.payloads[:1])
    with pytest.raises(TrustError) as caught:
        fetch(make_fetcher(RecordingFiles(), tmp_path / "out"), only_delta)
    assert caught.value.reason_code == "no-payload"


# --- images --------------------------------------------------------------------------------------


def test_debugfs_finds_each_file_where_the_map_says(images: tuple[Path, Path]) -> None:
    image = images[1].read_bytes()
    found = read_file_map(image)
    assert set(found) == {path for path, data in AFTER.items() if data}
    for path, extents in found.items():
        data = b"".join(image[one.offset : one.offset + one.length] for one in extents)
        assert data == AFTER[path]
        command = ["debugfs", "-R", f"blocks /{path}", str(images[1])]
        blocks = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        assert extents[0].offset == int(blocks[0]) * 4096


def test_an_image_comes_as_a_patch_of_the_running_slot(
    tmp_path: Path, images: tuple[Path, Path]
) -> None:
    old, new = images
    packed = pack_image(new, tmp_path / "out", old=old)
    layer = make_layer(packed, LayerKind.OS)
    delta, full = packed.payloads
    assert delta.pack_bytes + delta.index_bytes < full.pack_bytes / 20
    slot = tmp_path / "slot"
    slot.write_bytes(old.read_bytes() + bytes(4096))
    seed = Seed(delta.needs_sha256, old.stat().st_size, slot)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out", seeds=(seed,))
    assert fetch(fetcher, layer) <= delta.pack_bytes
    fetcher.verify(layer)


def test_a_slot_that_was_written_is_no_base(tmp_path: Path, images: tuple[Path, Path]) -> None:
    old, new = images
    packed = pack_image(new, tmp_path / "out", old=old)
    layer = make_layer(packed, LayerKind.OS)
    slot = tmp_path / "slot"
    slot.write_bytes(b"mounted" + old.read_bytes()[7:])
    seed = Seed(packed.payloads[0].needs_sha256, old.stat().st_size, slot)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out", seeds=(seed,))
    assert fetcher.plan(make_manifest(layer)).payloads[0][1] == packed.payloads[1]
    fetch(fetcher, layer)
    fetcher.verify(layer)


def test_the_pieces_of_a_delta_are_the_image(images: tuple[Path, Path]) -> None:
    old, new = (path.read_bytes() for path in images)
    pieces = list(ImageDelta(new, old).cut())
    assert b"".join(one.data for one in pieces) == new
    copied = sum(len(one.data) for one in pieces if one.data == one.old)
    assert copied > 250_000
    for one in pieces:
        assert b"".join(old[start : start + length] for start, length in one.base) == one.old


@pytest.mark.parametrize("length", [1, 4095, 4097, 300_000])
def test_an_image_without_a_known_file_system_is_still_a_delta(length: int) -> None:
    old = Random(1).randbytes(400_000)
    new = old[8192 : 8192 + length // 2] + Random(2).randbytes(length - length // 2)
    assert b"".join(one.data for one in ImageDelta(new, old).cut()) == new


def make_bundle(image: Path) -> Path:
    """As `rauc bundle` lays one out with the switches that leave blocks as they are."""
    folder = image.parent / f"{image.name}-content"
    folder.mkdir()
    (folder / "rootfs.img").write_bytes(image.read_bytes())
    (folder / "manifest.raucm").write_text("[update]\n")
    bundle = image.with_suffix(".raucb")
    options = ["-noI", "-noD", "-noF", "-noX", "-no-fragments", "-quiet", "-no-progress"]
    subprocess.run(["mksquashfs", str(folder), str(bundle), *options], check=True)
    with bundle.open("ab") as file:
        file.write(Random(7).randbytes(5000))  # hash tree and signature
    return bundle


def test_a_bundle_comes_as_a_patch_of_the_image_in_the_running_slot(
    tmp_path: Path, images: tuple[Path, Path]
) -> None:
    old, new = (make_bundle(image) for image in images)
    packed = pack_image(new, tmp_path / "out", old=old)
    assert list((tmp_path / "out").glob("new-*")) == []
    delta, full = packed.payloads
    assert delta.pack_bytes + delta.index_bytes < full.pack_bytes / 20
    assert delta.needs_sha256 == hashlib.sha256(images[0].read_bytes()).hexdigest()
    layer = make_layer(packed, LayerKind.OS)
    seed = Seed(delta.needs_sha256, images[0].stat().st_size, images[0])
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out", seeds=(seed,))
    assert fetch(fetcher, layer) <= delta.pack_bytes
    fetcher.verify(layer)
