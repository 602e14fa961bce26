"""The group of pictures: what is decoded, and how often."""

from pathlib import Path

from tests.scenes.video_files import RATE, Viewer, make_video_file

FRAMES, KEY_EVERY = 40, 10


def test_while_every_picture_is_decoded_a_check_of_the_key_frame_decodes_none_twice(
    tmp_path: Path,
) -> None:
    viewer = Viewer(make_video_file(tmp_path / "grey.mp4", FRAMES, KEY_EVERY))
    viewer.advance(0.0)
    before, shown_s = -1, []
    for number in range(1, FRAMES):
        if viewer.sequence != before:
            viewer.group.decode_key_frame()
            shot = viewer.take_shot()
            assert shot is not None
            shown_s.append(shot.media_s)
            before = viewer.sequence
        viewer.advance(number / RATE)
    viewer.close()
    assert shown_s == sorted(shown_s)
    # frames come out late: the first ones are drained, and decoded once more
    assert viewer.group.frames_decoded <= viewer.sequence + 5


def test_a_key_frame_alone_is_decoded_where_nobody_asks_for_pictures(tmp_path: Path) -> None:
    viewer = Viewer(make_video_file(tmp_path / "grey.mp4", FRAMES, KEY_EVERY))
    viewer.advance(2.05)
    found = viewer.group.decode_key_frame()
    viewer.close()
    assert found is not None
    assert viewer.group.frames_decoded == 1


def test_a_picture_after_the_key_frames_check_decodes_only_what_came_after_it(
    tmp_path: Path,
) -> None:
    """As most cameras send: without B-frames a frame comes out at once."""
    viewer = Viewer(make_video_file(tmp_path / "grey.mp4", FRAMES, KEY_EVERY, b_frames=0))
    viewer.advance(0.0)  # the key frame is the newest
    assert viewer.group.decode_key_frame() is not None
    viewer.advance(0.25)
    shot = viewer.take_shot()
    viewer.close()
    assert shot is not None
    assert shot.media_s == 0.2
    assert viewer.group.frames_decoded == 3
