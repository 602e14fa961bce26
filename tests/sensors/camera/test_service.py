"""The assembled camera service."""

import pytest

from appliance.errors import SettingsError
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import Picture, PictureRequest
from appliance.model import EnergyLevel
from sensors.camera.__main__ import assemble
from tests.scenes.video_files import read_frame_number
from tests.sensors.camera.camera_bench import Bench


def test_a_camera_that_is_not_in_the_settings_is_named_with_the_known_ones(bench: Bench) -> None:
    bench.service.instance = "back"
    with pytest.raises(SettingsError, match=r"no camera 'back' \(known: front\)"):
        assemble(bench.service)


def test_the_assembled_service_hands_pictures_out_on_its_socket(bench: Bench) -> None:
    loop = assemble(bench.service)
    bench.set_budget(EnergyLevel.ECO)
    bench.service.run_once(loop.cycle)
    picture = FrameClient(bench.service.settings.camera_socket("front")).pull(PictureRequest())
    assert isinstance(picture, Picture)
    assert read_frame_number(bytes(picture.data)) == 0
    assert loop.media
