"""What a server says about its ranges, also nonsense."""

import pytest

from ota.mirrors.answer import UNKNOWN_END, read_answer


def test_a_part_a_whole_file_and_an_end_are_told_apart() -> None:
    part = read_answer(206, {"content-range": "bytes 5-9/20", "etag": '"x"'}, offset=5)
    assert (part.start, part.end, part.whole_bytes, part.etag) == (5, 10, 20, '"x"')
    assert part.has_ranges
    whole = read_answer(200, {"content-length": "20", "etag": 'W/"x"'}, offset=5)
    assert (whole.start, whole.end, whole.has_ranges, whole.etag) == (0, 20, False, "")
    assert read_answer(200, {}, offset=5).end == UNKNOWN_END
    assert read_answer(206, {"content-range": "bytes 5-9/*"}, offset=5).whole_bytes == UNKNOWN_END
    assert read_answer(416, {}, offset=5).end == 5


@pytest.mark.parametrize(
    "text",
    [
        *("", "bytes 4-9/20", "bytes 5-4/20", "bytes 5-20/20", "bytes 5-9", "bytes */20"),
        *("items 5-9/20", f"bytes 5-{'9' * 4000}/*", "bytes -5-9/20", "bytes 5-9/2\u0660"),
    ],
)
def test_a_range_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it gives"):
        read_answer(206, {"content-range": text}, offset=5)


@pytest.mark.parametrize("text", ["-1", "1e3", "9" * 5000, "x"])
def test_a_length_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="announces"):
        read_answer(200, {"content-length": text}, offset=0)
