"""Layers are fetched whole or not at all, each byte once, whatever is cut."""

import errno
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from ota.disk import Disk
from ota.errors import LinkError, SpaceError, TrustError
from ota.mirrors.directory import DirectoryMirror
from ota.payload.download import SAVED_BYTES
from ota.payload.store import ContentStore, Fetcher, PausedError, Seed
from tests.ota.payload.releases import (
    NEW,
    OLD,
    UPDATES,
    fetch,
    make_fetcher,
    make_manifest,
    publish_image,
    publish_tree,
    read_tree,
)
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles

IMAGE = Random(2).randbytes(560_000) + bytes(300_000) + Random(3).randbytes(100)


def test_a_tree_comes_as_it_was_packed_on_a_real_disk(tmp_path: Path) -> None:
    layer = publish_tree(tmp_path, NEW)
    fetcher = make_fetcher(Disk(), tmp_path / "out", directory=tmp_path / "ota")
    fetch(fetcher, layer)
    root = tmp_path / "ota/content" / layer.sha256
    assert read_tree(Disk(), root) == NEW
    modes = {path.name: path.stat().st_mode & 0o777 for path in root.iterdir() if path.is_file()}
    assert modes == {"run": 0o755, "empty": 0o644}
    assert fetcher.store.list_present() == {layer.sha256}
    fetcher.verify(layer)


def test_an_image_comes_as_it_was_packed(tmp_path: Path) -> None:
    files, layer = RecordingFiles(), publish_image(tmp_path, IMAGE)
    fetch(make_fetcher(files, tmp_path / "out"), layer)
    path = UPDATES / f"content/{layer.sha256}.image"
    assert files.read(path, most_bytes=2_000_000) == IMAGE


def test_what_is_here_is_not_fetched_again_and_shares_its_files(tmp_path: Path) -> None:
    files = RecordingFiles()
    old, new = publish_tree(tmp_path, OLD), publish_tree(tmp_path, NEW)
    fetcher = make_fetcher(files, tmp_path / "out")
    whole_bytes = fetch(fetcher, old)
    plan = fetcher.plan(make_manifest(old, new))
    assert fetch(fetcher, new) == plan.missing_bytes < whole_bytes / 1000
    assert "1 of 2 layers" in plan.reason
    assert read_tree(files, UPDATES / "content" / new.sha256) == NEW
    assert read_tree(files, UPDATES / "content" / old.sha256) == OLD
    assert fetch(fetcher, new) == 0


def test_a_plan_tells_what_comes_and_fetches_none_of_it(tmp_path: Path) -> None:
    layer = publish_tree(tmp_path, NEW)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    plan = fetcher.plan(make_manifest(layer))
    assert plan.missing_bytes == layer.payloads[0].pack_bytes == fetch(fetcher, layer)
    assert plan.payloads == ((layer, layer.payloads[0]),)
    assert plan.disk_bytes > layer.size_bytes + plan.missing_bytes


# --- cuts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tree", "image"])
def test_whatever_a_cut_leaves_the_layer_comes_whole_or_is_not_here(
    tmp_path: Path, kind: str
) -> None:
    layer = publish_tree(tmp_path, NEW) if kind == "tree" else publish_image(tmp_path, IMAGE)
    out = tmp_path / "out"
    images = 0
    for cut in list_cuts(lambda files: fetch(make_fetcher(files, out), layer), torn=2):
        images += 1
        fetcher = make_fetcher(cut.files, out)
        if layer.sha256 in fetcher.store.list_present():
            fetcher.verify(layer)
        fetch(fetcher, layer)
        fetcher.verify(layer)
        assert cut.files.list_names(UPDATES / "parts") == [], cut
    assert images > 80


@pytest.mark.parametrize("kind", ["tree", "image"])
def test_what_was_fetched_is_here_after_a_cut_right_behind_it(tmp_path: Path, kind: str) -> None:
    layer = publish_tree(tmp_path, OLD) if kind == "tree" else publish_image(tmp_path, b"system")
    done = RecordingFiles()
    fetch(make_fetcher(done, tmp_path / "out"), layer)
    cuts = list_cuts(lambda files: fetch(make_fetcher(files, tmp_path / "out"), layer))
    last = [cut.files for cut in cuts if cut.call == len(done.calls)]
    assert last
    for files in last:
        store = ContentStore(UPDATES, files)
        assert store.list_present() == {layer.sha256}
        store.verify(layer)


def test_a_build_without_fsyncs_loses_what_it_takes_for_whole(tmp_path: Path) -> None:
    layer = publish_tree(tmp_path, {**OLD, "app/deep/weights": b"w" * 2000})
    out = tmp_path / "out"
    wrong = 0
    start = RecordingFiles(syncs=False)
    for cut in list_cuts(lambda files: fetch(make_fetcher(files, out), layer), start, torn=1):
        fetcher = make_fetcher(cut.files, out)
        if layer.sha256 in fetcher.store.list_present():
            wrong += fetcher.store.find_wrong(layer) != ""
    assert wrong


def test_what_was_synchronized_before_a_cut_is_not_fetched_again(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    pack_bytes = layer.payloads[0].pack_bytes
    cuts = list_cuts(lambda files: fetch(make_fetcher(files, tmp_path / "out"), layer), torn=0)
    synced = [cut.files for cut in cuts if cut.kept in ("-", "nothing")]
    spent = [fetch(make_fetcher(files, tmp_path / "out"), layer) for files in synced]
    assert spent == sorted(spent, reverse=True)
    assert {spent[0], spent[-1]} == {pack_bytes, 0}
    steps = [before - after for before, after in pairwise(spent)]
    assert max(steps) <= 2 * SAVED_BYTES, "what lies between is kept too"


def test_a_disk_that_is_full_or_broken_at_any_call_loses_nothing(tmp_path: Path) -> None:
    layer = publish_tree(tmp_path, OLD)
    out = tmp_path / "out"
    good = RecordingFiles()
    whole_bytes = fetch(make_fetcher(good, out), layer)
    for number in range(1, len(good.calls) + 1):
        for fault in (errno.ENOSPC, errno.EIO):
            files = RecordingFiles(fail_at={number: fault})
            with pytest.raises(SpaceError) as caught:
                fetch(make_fetcher(files, out), layer)
            assert caught.value.reason_code in ("disk-full", "disk-fault")
            assert fetch(make_fetcher(files, out), layer) <= whole_bytes
            make_fetcher(files, out).verify(layer)


def test_a_disk_without_room_is_told_before_anything_comes(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    with pytest.raises(SpaceError, match="needs 10 MB") as caught:
        fetch(make_fetcher(RecordingFiles(capacity_bytes=5_000_000), tmp_path / "out"), layer)
    assert caught.value.reason_code == "no-room"


# --- pauses, budgets, mirrors --------------------------------------------------------------------


def test_a_pause_keeps_what_came_and_the_download_goes_on(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    answers = iter([True, False])
    first: list[int] = []
    with pytest.raises(PausedError) as caught:
        fetcher.fetch(layer, may_go_on=lambda: next(answers), progress=first.append)
    assert caught.value.reason_code == "paused"
    assert sum(first) + fetch(fetcher, layer) == layer.payloads[0].pack_bytes


def test_a_budget_is_never_passed_and_is_enough_in_parts(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    days = []
    for _ in range(6):
        came: list[int] = []
        with pytest.raises(PausedError, match="metered_day_mb"):
            fetcher.fetch(layer, may_go_on=lambda: True, progress=came.append, most_bytes=80_000)
        days.append(sum(came))
    assert days == [80_000] * 6
    assert fetch(fetcher, layer) == layer.payloads[0].pack_bytes - 480_000


def test_a_mirror_with_wrong_bytes_is_passed_over(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    bad = tmp_path / "bad" / layer.payloads[0].pack
    bad.parent.mkdir(parents=True)
    bad.write_bytes(bytes(layer.payloads[0].pack_bytes))
    mirrors = [DirectoryMirror(str(tmp_path / name)) for name in ("bad", "none", "out")]
    store = ContentStore(UPDATES, RecordingFiles())
    fetch(Fetcher(store, mirrors), layer)
    store.verify(layer)


def test_wrong_bytes_from_the_only_mirror_are_never_used(tmp_path: Path) -> None:
    layer = publish_image(tmp_path, IMAGE)
    pack = tmp_path / "out" / layer.payloads[0].pack
    pack.write_bytes(pack.read_bytes()[::-1])
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    for _ in range(2):
        with pytest.raises(TrustError) as caught:
            fetch(fetcher, layer)
        assert caught.value.reason_code == "chunk-mismatch"
    assert not fetcher.store.list_present()


def test_an_index_that_is_not_the_named_one_is_refused(tmp_path: Path) -> None:
    layer, other = publish_tree(tmp_path, OLD), publish_tree(tmp_path, NEW)
    index = tmp_path / "out" / layer.payloads[0].index
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out")
    swapped = replace(layer, payloads=other.payloads)
    with pytest.raises(TrustError, match="another layer"):
        fetch(fetcher, swapped)
    index.write_bytes((tmp_path / "out" / other.payloads[0].index).read_bytes())
    with pytest.raises((TrustError, LinkError)):
        fetch(fetcher, layer)


def test_damage_on_the_disk_is_found_and_mended_from_the_link(tmp_path: Path) -> None:
    files, layer = RecordingFiles(), publish_tree(tmp_path, OLD)
    fetcher = make_fetcher(files, tmp_path / "out")
    fetch(fetcher, layer)
    path = UPDATES / "content" / layer.sha256 / "app/main.py"
    for change in ({"data": b"xxxx", "offset": 9}, {"data": b"short"}):
        files.write(path, **change)
        with pytest.raises(TrustError, match=r"main\.py"):
            fetcher.verify(layer)
        fetcher.store.remove(layer)
        fetch(fetcher, layer)
        fetcher.verify(layer)
    files.write(path.with_name("more.py"), b"")
    with pytest.raises(TrustError, match="other files"):
        fetcher.verify(layer)


def test_the_running_slot_gives_what_did_not_change(tmp_path: Path) -> None:
    slot = tmp_path / "slot"
    slot.write_bytes(IMAGE + bytes(4096))
    layer = publish_image(tmp_path, IMAGE[:524_288] + Random(9).randbytes(1000))
    seed = Seed("ab" * 32, len(IMAGE), slot)
    fetcher = make_fetcher(RecordingFiles(), tmp_path / "out", seeds=(seed,))
    assert fetch(fetcher, layer) < 1100
    fetcher.verify(layer)
