"""Which labels are detected: by the settings, by zones and lines, and by what a model knows."""

from dataclasses import replace

import pytest

from appliance.errors import ModelError
from appliance.sections.cameras import CameraSettings, InferenceSettings, LineSettings, ZoneSettings
from appliance.settings import Settings
from inference.detection.labels import fill_in_labels, list_followed_labels, list_wanted_labels
from inference.detection.model_card import ModelCard, read_card
from tests.conftest import MODEL

COCO = read_card(MODEL.with_suffix(".json"))
BIRDS = replace(COCO, classes=("robin", "wren"))
ROAD = CameraSettings(
    zone={"yard": ZoneSettings(labels=("dog",)), "porch": ZoneSettings()},
    line={"gate": LineSettings(labels=("car", "dog"))},
)


def site(
    camera: CameraSettings, labels: tuple[str, ...] = ("person",), blur_heads: bool = True
) -> Settings:
    own = InferenceSettings(labels=labels, blur_heads=blur_heads)
    return Settings(camera={"road": camera}, inference=own)


def wanted(settings: Settings, card: ModelCard = COCO, model: str = "usual") -> tuple[str, ...]:
    return list_wanted_labels(settings, model, card)


def test_the_labels_of_a_zone_or_a_line_are_detected_and_followed() -> None:
    assert list_followed_labels(ROAD, InferenceSettings()) == ("person", "dog", "car")
    assert wanted(site(ROAD)) == ("person", "dog", "car")


def test_a_zone_that_names_nothing_counts_what_the_settings_name_and_no_more() -> None:
    spelled = fill_in_labels(ROAD, ("person",))
    assert spelled.zone["porch"].labels == ("person",)
    assert spelled.zone["yard"].labels == ("dog",)
    assert spelled.line["gate"].labels == ("car", "dog")


def test_people_are_always_detected_so_that_their_heads_are_blurred() -> None:
    assert wanted(site(CameraSettings(), labels=("car",))) == ("car", "person")
    assert wanted(site(CameraSettings(), labels=("car",), blur_heads=False)) == ("car", "person")


def test_a_label_that_the_units_model_does_not_know_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"'persn'; did you mean 'person'"):
        wanted(site(CameraSettings(), labels=("persn",)))


def test_a_cameras_own_model_need_not_know_the_labels_of_other_cameras() -> None:
    camera = replace(ROAD, model="birds", zone={"nest": ZoneSettings(labels=("wren",))})
    settings = site(camera, blur_heads=False)
    assert wanted(settings, BIRDS, "birds") == ("wren",)


def test_a_model_without_the_wanted_labels_is_refused() -> None:
    settings = site(CameraSettings(model="birds"), blur_heads=False)
    with pytest.raises(ModelError, match="'person'"):
        wanted(settings, BIRDS, "birds")


def test_a_model_that_sees_no_people_is_refused_while_heads_are_to_be_blurred() -> None:
    camera = CameraSettings(model="birds", zone={"nest": ZoneSettings(labels=("wren",))})
    with pytest.raises(ModelError, match="'person'"):
        wanted(site(camera), BIRDS, "birds")
