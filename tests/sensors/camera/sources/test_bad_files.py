"""What is not a video file is refused with one sentence, through a real feed."""

from pathlib import Path

import pytest

from tests.scenes.video_files import make_video_file
from tests.sensors.camera.sources.feed_bench import watching


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nhttp://127.0.0.1:1/x\n", b"hello\n" * 999])
def test_a_file_that_is_no_video_is_reported(tmp_path: Path, content: bytes) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(content)
    with watching(str(clip)) as bench:
        text, _ = bench.until_trouble()
    assert text.startswith(f"the video file {clip} cannot be played")
    assert "copy or record it again" in text


def test_a_list_of_files_is_no_video_file(tmp_path: Path) -> None:
    """It would be followed to wherever it points."""
    make_video_file(tmp_path / "grey.mp4")
    clip = tmp_path / "clip.mp4"
    clip.write_text("ffconcat version 1.0\nfile grey.mp4\n")
    with watching(str(clip)) as bench:
        text, _ = bench.until_trouble()
    assert text.startswith(f"the video file {clip} cannot be played")
