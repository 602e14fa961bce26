"""A source that failed is left alone for a little, then a little longer, and forgiven when well."""

import pytest

from appliance.errors import CameraError
from sensors.camera.sources.retry import FIRST_PAUSE_S, LONGEST_PAUSE_S, Retry

GONE = CameraError("the camera is gone")


def test_a_source_that_failed_is_left_alone_and_says_why() -> None:
    retry = Retry()
    retry.check(100.0)
    retry.note_failure(GONE, 100.0)
    with pytest.raises(CameraError, match="is gone"):
        retry.check(100.0 + FIRST_PAUSE_S - 0.1)
    retry.check(100.0 + FIRST_PAUSE_S)


def test_a_source_that_fails_again_soon_is_left_alone_for_longer_up_to_a_limit() -> None:
    retry = Retry()
    for at_s in (100.0, 102.0, 105.0, 109.0):
        retry.note_failure(GONE, at_s)
    with pytest.raises(CameraError):
        retry.check(109.0 + LONGEST_PAUSE_S - 0.1)
    retry.check(109.0 + LONGEST_PAUSE_S)


def test_a_trouble_is_forgotten_when_the_source_was_well_for_longer_than_its_pause() -> None:
    retry = Retry()
    retry.note_failure(GONE, 100.0)
    retry.note_success(100.0 + 2 * FIRST_PAUSE_S)
    assert retry.trouble == str(GONE)
    retry.note_success(100.1 + 2 * FIRST_PAUSE_S)
    assert retry.trouble == ""
