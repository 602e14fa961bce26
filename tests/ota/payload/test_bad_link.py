"""A bad link costs patience, and hardly a byte twice."""

from pathlib import Path

import pytest

from tests.bench.updates.link import measure_link


@pytest.mark.parametrize("reset", [False, True])
def test_a_bad_link_brings_the_whole_layer_and_hardly_a_byte_twice(
    tmp_path: Path, *, reset: bool
) -> None:
    figures = measure_link(tmp_path, size_bytes=3_000_000, reset=reset)
    assert figures["drops"] >= 5
    assert figures["tries"] >= 5
    assert figures["received_twice_pct"] == 0
    assert reset or figures["refetched_pct"] <= 2.0, "what a reset kills in this kernel counts not"
