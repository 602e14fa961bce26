"""One packed chunk, also a hostile one."""

import random
import subprocess
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from appliance.strict_json import InputError
from ota.payload.frames import pack_frame, unpack_frame


def test_a_frame_gives_back_its_bytes_and_is_the_same_each_time() -> None:
    data = random.Random(1).randbytes(5000) + b"a" * 5000
    packed = pack_frame(data)
    assert packed == pack_frame(data)
    assert unpack_frame(packed, size_bytes=10_000) == data


def test_a_patch_of_a_changed_file_is_a_small_part_of_it() -> None:
    old = random.Random(1).randbytes(3_000_000)
    new = old[:1_500_000] + b"changed" + old[1_500_000:]
    packed = pack_frame(new, old=old)
    assert len(packed) < len(new) // 1000
    assert unpack_frame(packed, size_bytes=len(new), old=old) == new


def test_a_patch_on_other_bytes_gives_other_bytes_or_is_refused() -> None:
    old = random.Random(1).randbytes(30_000)
    packed = pack_frame(old, old=old)
    assert unpack_frame(packed, size_bytes=30_000, old=old[::-1]) != old


def test_the_zstd_of_others_unpacks_a_frame_and_a_patch(tmp_path: Path) -> None:
    old, new = b"old words " * 5000, b"new words " * 5000
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "p").write_bytes(pack_frame(new, old=old))
    command = ["zstd", "-dcq", "--patch-from=old", "p"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == new


@pytest.mark.parametrize("announced", [9_999, 10_001])
def test_a_frame_of_another_size_is_refused(announced: int) -> None:
    with pytest.raises(InputError):
        unpack_frame(pack_frame(b"a" * 10_000), size_bytes=announced)


def test_a_frame_that_would_fill_the_memory_is_refused_unread() -> None:
    huge = zstandard.ZstdCompressor().compress(bytes(2**28))
    unknown = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2**20))
    for packed in (huge, unknown, pack_frame(b"a") * 2, pack_frame(b"a")[:-1], b"", b"text"):
        with pytest.raises(InputError):
            unpack_frame(packed, size_bytes=1)
    tracemalloc.start()
    with pytest.raises(InputError, match="announces 268435456"):
        unpack_frame(huge, size_bytes=1)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
