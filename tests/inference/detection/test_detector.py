"""The real model on real pictures, its decoder on a hand-made tensor, every bad model file."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.errors import CameraError, ModelError
from appliance.media.frames import BGR, I420, Picture
from appliance.model_cameras import Box, Detection, Tier
from inference.detection.detector import NOT_LOADED, OnnxDetector, PictureDetections
from inference.detection.heads import HEADS, Outputs
from inference.detection.heads.candidates import Bytes
from inference.detection.model_card import ModelCard, compute_digest, read_verified_card
from inference.detection.model_input import ModelInput
from inference.detection.region import choose_region, map_box_to_picture
from inference.detection.sessions import CPU, CUDA, Session, SessionSettings
from inference.detection.suppression import select_detections
from inference.tracking.boxes import compute_overlap, is_shown_whole
from tests.conftest import CLIP, MODEL
from tests.scenes.bright_models import make_model
from tests.stand_ins.fakes import FakeClock


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return read_verified_card(MODEL)


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A copy of the model and its card that a test may damage."""
    for path in (MODEL, MODEL.with_suffix(".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def frame(number: int) -> Bytes:
    """One frame of the pedestrian clip."""
    clip = cv2.VideoCapture(str(CLIP))
    clip.set(cv2.CAP_PROP_POS_FRAMES, number)
    good, bgr = clip.read()
    assert good
    return np.asarray(bgr, np.uint8)


def outputs(card: ModelCard) -> dict[tuple[int, int], np.ndarray]:
    """Outputs that show nothing, by shape."""
    made = {}
    for stride in card.output.strides:
        cells = (card.size // stride) ** 2
        for width in (len(card.classes), 4 * card.output.bins):
            made[cells, width] = np.zeros((1, cells, width), np.float32)
    return made


def show(made: dict[tuple[int, int], np.ndarray], kind: int, score: float, column: int) -> None:
    """Put a thing into row 5 of the stride-32 grid, 3 strides high and 1 wide to each side."""
    cell = 5 * 13 + column
    made[169, 80][0, cell, kind] = score
    for side, distance in enumerate((1, 3, 1, 3)):
        made[169, 44][0, cell, side * 11 + distance] = 50.0


def decode(
    made: dict[tuple[int, int], np.ndarray], card: ModelCard, classes: tuple[int, ...]
) -> list[Detection]:
    named = {str(shape): values for shape, values in made.items()}
    head = HEADS[card.decoder]
    found = head.find_candidates(named, card, classes, 0.45)
    return select_detections(found, card.classes, 0.45, head.SAME_THING_IOU)


def test_people_are_found_where_they_walk() -> None:
    detector = OnnxDetector(MODEL, threads=1, floor=0.45, labels=("person",))
    assert detector.provider == NOT_LOADED
    found = detector.detect(frame(100))
    assert detector.provider == "CPUExecutionProvider"
    assert detector.digest.startswith("4f718a0d")
    assert detector.tier is Tier.INT8
    # Read off the picture: the feet (x, y in pixels) of the six people whom nothing hides.
    feet = [(229, 95), (363, 275), (396, 252), (505, 218), (530, 216), (603, 235)]
    for x, y in feet:
        near = [one for one in found if abs(one.box.bottom * 576 - y) < 15]
        assert any(one.box.left * 768 < x < one.box.right * 768 for one in near), (x, y)
    assert len(found) <= 7, "the seventh stands behind the lamp post"
    for one in found:
        width = (one.box.right - one.box.left) * 768
        height = (one.box.bottom - one.box.top) * 576
        assert one.label == "person"
        assert 0.45 <= one.confidence <= 1
        assert 30 < height < 100
        assert 1.2 < height / width < 5, "walkers stand upright"
    detector.free()
    assert detector.provider == NOT_LOADED
    assert detector.detect(frame(100)) == found, "the model loads again when it is needed"


def test_an_empty_grey_picture_shows_nobody() -> None:
    detector = OnnxDetector(MODEL, threads=1, floor=0.45, labels=("person",))
    assert detector.detect(np.full((480, 640, 3), 120, np.uint8)) == []


def test_a_distribution_becomes_a_distance_around_the_middle_of_its_cell(card: ModelCard) -> None:
    made = outputs(card)
    show(made, kind=0, score=0.9, column=4)
    (found,) = decode(made, card, (0,))
    middle_x, middle_y = 4.5 * 32, 5.5 * 32
    expected = ((middle_x - 32) / 416, (middle_y - 96) / 416)
    assert (found.box.left, found.box.top) == pytest.approx(expected, abs=1e-5)
    expected = ((middle_x + 32) / 416, (middle_y + 96) / 416)
    assert (found.box.right, found.box.bottom) == pytest.approx(expected, abs=1e-5)
    assert found.confidence == pytest.approx(0.9)


def test_of_boxes_on_one_thing_the_surest_stays_but_other_labels_stay_too(card: ModelCard) -> None:
    made = outputs(card)
    show(made, kind=0, score=0.6, column=4)
    show(made, kind=2, score=0.7, column=4)
    # The same box again, told by a cell of the finer grid: cell (11, 9) of stride 16 is in the
    # middle of the coarse one but for half a stride.
    made[676, 80][0, 11 * 26 + 9, 0] = 0.8
    for side, distance in enumerate((2, 6, 2, 6)):
        made[676, 44][0, 11 * 26 + 9, side * 11 + distance] = 50.0
    found = decode(made, card, (0, 2))
    assert [(one.label, round(one.confidence, 2)) for one in found] == [
        ("person", 0.8),
        ("car", 0.7),
    ]


def test_the_models_input_is_normalised_per_channel(card: ModelCard) -> None:
    model_input = ModelInput(card)
    model_input.put_bgr(0, np.full((100, 300, 3), (10, 20, 30), np.uint8))
    entry = model_input.tensor
    assert entry.shape == (1, 3, 416, 416)
    expected = [(10 - 103.53) / 57.375, (20 - 116.28) / 57.12, (30 - 123.675) / 58.395]
    assert entry[0, :, 200, 200] == pytest.approx(expected, abs=1e-5)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx cannot be read.*\[inference\]"):
        OnnxDetector(tmp_path / "nowhere.onnx", threads=1, floor=0.45, labels=("person",))


def test_a_model_without_its_card_is_refused(model_dir: Path) -> None:
    (model_dir / MODEL.name).with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"card .* cannot be read"):
        OnnxDetector(model_dir / MODEL.name, threads=1, floor=0.45, labels=("person",))


def test_one_changed_bit_of_the_model_is_refused(model_dir: Path) -> None:
    path = model_dir / MODEL.name
    data = bytearray(path.read_bytes())
    data[1_000_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged or another one: its SHA-256 begins"):
        OnnxDetector(path, threads=1, floor=0.45, labels=("person",))


def test_a_card_that_lacks_something_is_refused(model_dir: Path) -> None:
    card = edited_card(model_dir)
    del card["output"]
    store_card(model_dir, card)
    with pytest.raises(ModelError, match=r"damaged or incomplete \('output'\)"):
        OnnxDetector(model_dir / MODEL.name, threads=1, floor=0.45, labels=("person",))


def test_a_file_that_is_no_model_is_refused_when_it_is_loaded(model_dir: Path) -> None:
    path = model_dir / MODEL.name
    shutil.copy(CLIP, path)
    card = edited_card(model_dir)
    card["sha256"] = compute_digest(path)
    store_card(model_dir, card)
    detector = OnnxDetector(path, threads=1, floor=0.45, labels=("person",))
    with pytest.raises(ModelError, match="is not a model that ONNX Runtime can load"):
        detector.detect(frame(0))


def test_a_model_of_another_input_shape_is_refused_when_it_is_loaded(model_dir: Path) -> None:
    card = edited_card(model_dir)
    card["input"]["shape"] = [1, 3, 320, 320]
    store_card(model_dir, card)
    detector = OnnxDetector(model_dir / MODEL.name, threads=1, floor=0.45, labels=("person",))
    with pytest.raises(ModelError, match=r"416, 416.* but its card says .*320, 320"):
        detector.detect(frame(0))


def test_a_misspelt_label_gets_advice() -> None:
    with pytest.raises(ModelError, match="'persn'; did you mean 'person'"):
        OnnxDetector(MODEL, threads=1, floor=0.45, labels=("persn",))


def edited_card(model_dir: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((model_dir / MODEL.with_suffix(".json").name).read_text())
    return tree


def store_card(model_dir: Path, card: object) -> None:
    (model_dir / MODEL.with_suffix(".json").name).write_text(json.dumps(card))


# --- several pictures, parts of them, and models of other kinds -----------------------------------


def picture(bgr: Bytes, encoding: str = BGR) -> Picture:
    height, width = bgr.shape[:2]
    data = bgr if encoding == BGR else cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    stamp = FakeClock().stamp()
    return Picture("gate", stamp, 0, 0, 0.0, width, height, encoding, data.tobytes())


def alike(one: Detection, other: Detection) -> bool:
    return one.label == other.label and compute_overlap(one.box, other.box) > 0.8


def spot(column: int, row: int) -> Bytes:
    """A dark picture of 64 x 64 with one bright cell of 32 x 32."""
    bgr = np.zeros((64, 64, 3), np.uint8)
    bgr[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 255
    return bgr


def bright_boxes(seen: PictureDetections) -> list[tuple[float, ...]]:
    """Where the coarse grid of the bright model sees a person; rounded."""
    return sorted(
        (round(one.box.left, 2), round(one.box.top, 2))
        for one in seen.detections
        if one.box.right - one.box.left > 0.4
    )


class Counting:
    """A session that notes how many pictures each run had."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.runs: list[int] = []

    def run(self, entry: np.ndarray) -> Outputs:
        self.runs.append(len(entry))
        return self._session.run(entry)


def counted(detector: OnnxDetector) -> list[int]:
    detector.load()
    assert detector._session is not None
    counting = Counting(detector._session)
    detector._session = counting  # type: ignore[assignment]
    return counting.runs


def test_people_are_found_in_planes_as_they_are_in_bgr() -> None:
    detector = OnnxDetector(MODEL, threads=1, floor=0.45, labels=("person",))
    plain, planes = detector.analyse([picture(frame(100)), picture(frame(100), I420)])
    assert plain.part is planes.part is None
    assert plain.detections == tuple(detector.detect(frame(100)))
    assert len(planes.detections) == len(plain.detections)
    for one in plain.detections:
        assert any(alike(one, other) for other in planes.detections)


def test_the_exact_model_finds_them_too() -> None:
    detector = OnnxDetector(
        MODEL.with_name("nanodet-g-416-fp32.onnx"), threads=1, floor=0.45, labels=("person",)
    )
    assert detector.tier is Tier.FP32
    found = detector.analyse([picture(frame(100), I420)])[0].detections
    small = OnnxDetector(MODEL, threads=1, floor=0.45, labels=("person",)).detect(frame(100))
    assert len([one for one in found if any(alike(one, other) for other in small)]) >= 5


def test_people_far_away_in_a_large_picture_are_found_in_the_part_alone() -> None:
    """Four views in one picture of twice the size: nobody is larger than 50 pixels of 416."""
    views = [frame(number) for number in (100, 130, 160, 190)]
    wall = np.vstack([np.hstack(views[:2]), np.hstack(views[2:])])
    detector = OnnxDetector(MODEL, threads=1, floor=0.45, labels=("person",))
    walker = max(detector.detect(views[0]), key=lambda one: one.confidence)
    box = map_box_to_picture(walker.box, Box(0, 0, 0.5, 0.5))
    part = choose_region(box, width=1536, height=1152, size=detector.size, since_full_s=0.5).box
    whole, close = detector.analyse([picture(wall), picture(wall)], [None, part])
    assert close.part == part
    assert any(compute_overlap(one.box, box) > 0.6 for one in close.detections)
    inside = [one for one in whole.detections if is_shown_whole(part, one.box)]
    assert len(close.detections) > len(inside)
    for one in close.detections:
        assert is_shown_whole(part, one.box)


def test_a_model_of_any_number_sees_several_pictures_in_one_run(tmp_path: Path) -> None:
    detector = OnnxDetector(
        make_model(tmp_path / "bright.onnx"), threads=1, floor=0.9, labels=("person",)
    )
    runs = counted(detector)
    assert bright_boxes(detector.analyse([picture(spot(0, 1))])[0]) == [(0, 0.5)]
    spots = [(0, 0), (1, 0), (0, 1), (1, 1)] * 3
    seen = detector.analyse([picture(spot(*where)) for where in spots])
    assert runs == [1, 8, 4]
    assert [bright_boxes(one) for one in seen] == [
        [(column / 2, row / 2)] for column, row in spots
    ], "each picture's own things"
    assert detector.analyse([]) == []
    assert bright_boxes(detector.analyse([picture(spot(1, 1))])[0]) == [(0.5, 0.5)]
    assert runs == [1, 8, 4, 1]


def test_a_model_of_one_picture_sees_them_one_by_one(tmp_path: Path) -> None:
    detector = OnnxDetector(
        make_model(tmp_path / "one.onnx", batch=1), threads=1, floor=0.9, labels=("person",)
    )
    runs = counted(detector)
    seen = detector.analyse([picture(spot(0, 0)), picture(spot(1, 1))])
    assert runs == [1, 1]
    assert [bright_boxes(one) for one in seen] == [[(0, 0)], [(0.5, 0.5)]]


def test_a_model_of_exactly_two_is_given_two_and_asked_about_one(tmp_path: Path) -> None:
    detector = OnnxDetector(
        make_model(tmp_path / "two.onnx", batch=2), threads=1, floor=0.9, labels=("person",)
    )
    runs = counted(detector)
    alone = detector.detect(spot(0, 0))
    seen = detector.analyse([picture(spot(*where)) for where in ((0, 0), (1, 0), (1, 1))])
    assert runs == [2, 2, 2]
    assert [bright_boxes(one) for one in seen] == [[(0, 0)], [(0.5, 0)], [(0.5, 0.5)]]
    assert tuple(alone) == seen[0].detections


def test_numbers_that_are_none_in_the_midst_of_work_are_an_error_not_an_empty_picture(
    tmp_path: Path,
) -> None:
    model = make_model(tmp_path / "bright.onnx", blinded_by_light=True)
    detector = OnnxDetector(model, threads=1, floor=0.3, labels=("person",))
    assert detector.detect(np.zeros((64, 64, 3), np.uint8)) == []
    assert detector.provider == CPU
    with pytest.raises(ModelError, match="gave invalid numbers"):
        detector.detect(np.full((64, 64, 3), 255, np.uint8))
    assert detector.provider == NOT_LOADED, "it is loaded anew"
    assert detector.detect(np.zeros((64, 64, 3), np.uint8)) == []


def test_a_run_that_fails_frees_the_model_and_the_next_picture_loads_it_again(
    tmp_path: Path,
) -> None:
    detector = OnnxDetector(
        make_model(tmp_path / "bright.onnx"), threads=1, floor=0.3, labels=("person",)
    )
    detector.load()
    # A GPU that is gone fails like this: in the midst of a run.
    whole = detector._card
    detector._card = replace(whole, input=replace(whole.input, name="gone"))
    session = detector._session
    assert session is not None
    session._card = detector._card
    with pytest.raises(ModelError, match="failed while it ran"):
        detector.analyse([picture(spot(0, 0))])
    assert (detector.provider, detector.degraded) == (NOT_LOADED, "")
    detector._card = whole
    assert detector.analyse([picture(spot(0, 0))])[0].detections


def test_a_picture_that_is_none_does_not_unload_the_model(tmp_path: Path) -> None:
    detector = OnnxDetector(
        make_model(tmp_path / "bright.onnx"), threads=1, floor=0.3, labels=("person",)
    )
    detector.load()
    with pytest.raises(CameraError, match="gate sent 3 bytes"):
        detector.analyse([replace(picture(spot(0, 0)), data=b"abc")])
    assert detector.loaded


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_missing_device_is_reported_by_the_detector(tmp_path: Path) -> None:
    terms = SessionSettings(available=(CUDA, CPU))
    detector = OnnxDetector(
        make_model(tmp_path / "bright.onnx"),
        threads=1,
        floor=0.3,
        labels=("person",),
        session_settings=terms,
    )
    assert detector.degraded == ""
    detector.load()
    assert (detector.provider, detector.wanted) == (CPU, CUDA)
    assert "runs on the CPU, although CUDA" in detector.degraded
    assert detector.load_s is not None
    assert detector.load_s > 0
