"""Which labels are detected, and which of them count for which camera. Pure.

Inputs: the settings, a model's card. Output: labels.
Never: leaves out people where their heads are to be blurred.
"""

from dataclasses import replace

from appliance.sections.cameras import CameraSettings, InferenceSettings
from appliance.settings import Settings
from inference.detection.head_blur import PERSON
from inference.detection.model_card import ModelCard


def fill_in_labels(camera: CameraSettings, labels: tuple[str, ...]) -> CameraSettings:
    """The camera with `labels` filled in for zones and lines that name none."""
    zones = {name: replace(one, labels=one.labels or labels) for name, one in camera.zone.items()}
    lines = {name: replace(one, labels=one.labels or labels) for name, one in camera.line.items()}
    return replace(camera, zone=zones, line=lines)


def list_followed_labels(camera: CameraSettings, own: InferenceSettings) -> tuple[str, ...]:
    """The labels followed before a camera: those of the settings, of its zones and its lines."""
    zones = [label for one in camera.zone.values() for label in one.labels]
    lines = [label for one in camera.line.values() for label in one.labels]
    return tuple(dict.fromkeys((*own.labels, *zones, *lines)))


def list_wanted_labels(settings: Settings, model: str, card: ModelCard) -> tuple[str, ...]:
    """The labels that `model` has to detect; raises `ModelError` where it does not know one.

    A camera's own model needs to know at least one of them. People are always detected where their
    heads are blurred.
    """
    own = settings.inference
    cameras = [one for one in settings.camera.values() if model == one.model]
    wanted = [
        label
        for one in cameras or settings.camera.values()
        for label in list_followed_labels(one, own)
    ]
    wanted = list(dict.fromkeys(wanted or own.labels))
    if cameras:
        wanted = [label for label in wanted if label in card.classes] or wanted
    if own.blur_heads or PERSON in card.classes:
        wanted.append(PERSON)
    labels = tuple(dict.fromkeys(wanted))
    card.find_class_numbers(labels)
    return labels


def list_label_thresholds(own: InferenceSettings) -> dict[str, float]:
    """The least confidence of each label that has one of its own."""
    return {
        name.replace("-", " "): one.threshold
        for name, one in own.label.items()
        if one.threshold is not None
    }


def find_floor(own: InferenceSettings, faintest: float) -> float:
    """The least confidence that is of use: of the labels, and of what keeps a track alive."""
    return min(faintest, own.threshold, *list_label_thresholds(own).values())
