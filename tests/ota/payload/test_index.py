"""The index of a pack: read strictly, whatever its bytes are."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.strict_json import InputError
from ota.errors import TrustError
from ota.payload.frames import measure_frame, pack_frame, unpack_frame
from ota.payload.index import IMAGE, Chunk, Index, format_index, parse_index

HASH = "ab" * 32
DELTA = Index(
    kind=IMAGE,
    sha256=HASH,
    size_bytes=90,
    pack_bytes=30,
    chunks=(
        Chunk(HASH, 10, 0, 20),
        Chunk(HASH, 30, 20, 0, ((0, 10), (50, 20))),
        Chunk(HASH, 40, 20, 10, ((0, 99),)),
    ),
    order=(0, 1, 0, 2),
    base_sha256="cd" * 32,
    base_bytes=100,
)


def change(edit: Callable[[dict[str, Any]], object]) -> bytes:
    data = format_index(DELTA)
    tree = json.loads(unpack_frame(data, size_bytes=measure_frame(data)))
    edit(tree)
    return pack_frame(json.dumps(tree).encode())


def test_an_index_is_read_as_it_was_written() -> None:
    assert parse_index(format_index(DELTA)) == DELTA


@pytest.mark.parametrize(
    "edit",
    [
        lambda t: t.update(format=2),
        lambda t: t.update(kind="device"),
        lambda t: t.pop("order"),
        lambda t: t.update(sha256="AB" * 32),
        lambda t: t.update(size_bytes=91),
        lambda t: t.update(size_bytes=True),
        lambda t: t.update(size_bytes=-90),
        lambda t: t.update(pack_bytes=31),
        lambda t: t.update(base=["cd" * 32, 98]),
        lambda t: t.update(base=[]),
        lambda t: t.update(order=[0, 1, 0, 3]),
        lambda t: t.update(order=[0, 1, 0, -1]),
        lambda t: t.update(order=0),
        lambda t: t.update(files=[["../x", 0o644, HASH, 0, []]]),
        lambda t: t.update(files=[["x", 0o4755, HASH, 0, []]]),
        lambda t: t.update(files=[["x", 0o644, HASH, 5, [0]]]),
        lambda t: t.update(removed=["/x"]),
        lambda t: t.update(removed=[None]),
        lambda t: t["chunks"][0].__setitem__(1, 2**40),
        lambda t: t["chunks"][0].__setitem__(1, 0),
        lambda t: t["chunks"][0].__setitem__(2, -20),
        lambda t: t["chunks"][1].__setitem__(1, 31),
        lambda t: t["chunks"][1].__setitem__(3, [0, 10, 50]),
        lambda t: t["chunks"][1].__setitem__(3, [0, 10, 90, 20]),
        lambda t: t["chunks"][1].pop(),
    ],
)
def test_an_index_whose_numbers_do_not_fit_is_refused(
    edit: Callable[[dict[str, Any]], object],
) -> None:
    assert parse_index(change(lambda _: None)) == DELTA
    with pytest.raises(TrustError) as caught:
        parse_index(change(edit))
    assert caught.value.reason_code == "index-invalid"


def test_a_whole_tree_that_is_not_the_one_it_names_is_refused() -> None:
    with pytest.raises(TrustError, match="not the tree"):
        parse_index(format_index(replace(DELTA, kind="tree", base_sha256="", order=(), chunks=())))


def test_an_index_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    for data in (pack_frame(bytes(2**27)), bytes(2**25), b""):
        with pytest.raises(TrustError):
            parse_index(data)


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_random_bytes(data: bytes) -> None:
    for packed in (data, pack_frame(data)):
        with pytest.raises(TrustError):
            parse_index(packed)


def test_refusals_of_the_frame_are_refusals_of_the_index() -> None:
    with pytest.raises(InputError):
        measure_frame(b"text")


def test_the_bytes_of_an_index_do_not_change(tmp_path: Path) -> None:
    assert format_index(DELTA) == format_index(replace(DELTA))
