"""Pictures with bars around them: where they lie, and boxes carried back."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from appliance.media.frames import BGR, I420, Picture
from appliance.model_cameras import Tier
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import InputForm, Layout, OutputForm, Resize
from inference.detection.model_input import ModelInput
from inference.detection.placement import Placement, map_boxes_back, place_picture
from inference.detection.tensors import make_feed
from tests.stand_ins.fakes import FakeClock

ENTRY = InputForm("x", 640, 640, resize=Resize.LETTERBOX, channels="RGB", std=(255.0,) * 3)


def make_card(entry: InputForm) -> ModelCard:
    return ModelCard("0" * 64, Tier.USER, entry, OutputForm(), ("person",), decoder="yolo")


def make_picture(width: int, height: int) -> np.ndarray:
    """Blue at the left, red at the right."""
    bgr = np.zeros((height, width, 3), np.uint8)
    bgr[:, : width // 2, 0] = bgr[:, width // 2 :, 2] = 255
    return bgr


@pytest.mark.parametrize(
    ("width", "height", "resize", "place"),
    [
        (768, 576, Resize.LETTERBOX, Placement(0, 80, 640, 480)),
        (1920, 1080, Resize.LETTERBOX, Placement(0, 140, 640, 360)),
        (1080, 1920, Resize.LETTERBOX, Placement(140, 0, 360, 640)),
        (320, 240, Resize.LETTERBOX, Placement(0, 80, 640, 480)),
        (768, 576, Resize.TOP_LEFT, Placement(0, 0, 640, 480)),
        (768, 576, Resize.STRETCH, Placement(0, 0, 640, 640)),
        (1000, 1, Resize.LETTERBOX, Placement(0, 318, 640, 2)),
    ],
)
def test_a_picture_keeps_its_shape_and_lies_in_the_middle_or_at_the_top_left(
    width: int, height: int, resize: Resize, place: Placement
) -> None:
    assert place_picture(width, height, replace(ENTRY, resize=resize)) == place


def test_boxes_come_back_to_the_picture() -> None:
    place = place_picture(768, 576, ENTRY)
    boxes = np.array([[0, 80 / 640, 1, 560 / 640], [0.5, 0.5, 0.75, 0.6875]], np.float32)
    back = map_boxes_back(boxes, place, ENTRY)
    assert back == pytest.approx(np.array([[0, 0, 1, 1], [0.5, 0.5, 0.75, 0.75]]))


@pytest.mark.parametrize("encoding", [BGR, I420])
def test_the_bars_are_grey_and_the_colours_in_the_models_order(encoding: str) -> None:
    bgr = make_picture(200, 100)
    data = bgr if encoding == BGR else cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    picture = Picture("gate", FakeClock().stamp(), 0, 0, 0.0, 200, 100, encoding, data.tobytes())
    model_input = ModelInput(make_card(ENTRY))
    assert model_input.put(0, picture) == Placement(0, 160, 640, 320)
    red, green, blue = model_input.tensor[0]
    for plane in (red, green, blue):
        for bar in (plane[:160], plane[480:]):
            assert bar == pytest.approx(114 / 255)
    assert blue[320, 100] == pytest.approx(1, abs=0.01)
    assert red[320, 500] == pytest.approx(1, abs=0.01)
    assert green[160:480].max() < 0.1


def test_bars_are_drawn_anew_for_a_picture_of_another_shape() -> None:
    model_input = ModelInput(make_card(ENTRY))
    model_input.put_bgr(0, make_picture(100, 200))
    model_input.put_bgr(0, make_picture(200, 100))
    assert model_input.tensor[0, :, :160] == pytest.approx(114 / 255)


def test_a_model_gets_its_own_order_type_and_constants() -> None:
    entry = replace(ENTRY, layout=Layout.NHWC, type="uint8", std=(1.0, 1.0, 1.0))
    model_input = ModelInput(make_card(entry))
    model_input.put_bgr(0, make_picture(640, 640))
    feed = make_feed(model_input.tensor, make_card(entry))
    assert feed["x"].shape == (1, 640, 640, 3)
    assert feed["x"].dtype == np.uint8
    assert feed["x"][0, 320, 600].tolist() == [255, 0, 0]
