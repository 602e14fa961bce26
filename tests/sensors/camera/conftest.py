"""Fixtures of the camera service's tests."""

import pytest

from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.scenes.video_files import make_video_file
from tests.sensors.camera.camera_bench import Bench
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def bench(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Bench:
    result = Bench(settings, clock, open_store)
    make_video_file(result.video_file)
    return result
