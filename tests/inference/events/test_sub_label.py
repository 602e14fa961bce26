"""A second look at an event of a zone: its class on the row, its energy counted, failure told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from appliance.errors import ModelError
from appliance.model import EnergyLevel, Fault
from appliance.model_cameras import CameraUsage, Event
from appliance.sections.cameras import CameraSettings, ZoneSettings
from appliance.settings import Settings
from appliance.status.events import describe_one_event
from appliance.status.model_files import list_references
from appliance.store.event_pages import EventQuery
from inference.detection.detector import OnnxDetector
from inference.detection.frame_result import Cost
from inference.events.sub_label import SubLabels
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.request import CardMaker
from tests.stand_ins.fake_inference import SOMEBODY
from tests.stand_ins.inference_unit import InferenceUnit

ALL = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
CAMERA = CameraSettings(zone={"yard": ZoneSettings(polygon=ALL, classify="vans")})
LOOK_J = 3.0


def make_classifier(directory: Path) -> OnnxDetector:
    """A model that tells dark pictures from bright ones, with a card made for it."""
    values = {
        "weights": np.array([[-1, 1]] * 3, np.float32) * 4,
        "bias": np.array([6, -6], np.float32),
    }
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["output0"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "shades",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(one, name) for name, one in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in {"task": "classify", "names": "{0: 'dark', 1: 'bright'}"}.items():
        model.metadata_props.add(key=key, value=value)
    path = directory / "shades.onnx"
    path.write_bytes(onnx.ModelProto.SerializeToString(model))
    maker = CardMaker(Hints(), licence="MIT")
    path.with_suffix(".json").write_bytes(maker.make(path))
    return OnnxDetector(path, threads=1, floor=0.0, labels=("dark", "bright"))


def watch(unit: InferenceUnit) -> Event:
    """Somebody passes through the zone; the newest event."""
    unit.grant(EnergyLevel.FULL)
    unit.detector.scene = [SOMEBODY]
    unit.run_for(4)
    unit.detector.scene = []
    unit.run_for(62)
    *_, event = unit.store.rows(Event)
    return event


def look_again(unit: InferenceUnit, make: Any) -> None:
    unit.cycle._publisher._sub_labels = SubLabels(
        make, lambda _model, _cpu_s: Cost(LOOK_J), unit.service.report_fault
    )


def test_the_class_of_the_zones_own_model_stands_with_the_event(
    make_unit: Any, tmp_path: Path
) -> None:
    plain = watch(make_unit(camera={"gate": CAMERA}))
    assert (plain.sub_label, plain.sub_confidence) == ("", None)
    unit = make_unit(camera={"gate": CAMERA})
    model = make_classifier(tmp_path)
    look_again(unit, lambda _name: model)
    event = watch(unit)
    assert event.sub_label in ("dark", "bright")
    assert event.sub_confidence is not None
    assert event.sub_confidence > 0.5
    document = describe_one_event(unit.store, EventQuery(), event.event_id)
    assert document is not None
    assert document["event"]["sub_label"] == event.sub_label
    assert event.energy_j == pytest.approx(plain.energy_j + LOOK_J)
    usage = sum(one.energy_wh for one in unit.store.rows(CameraUsage)) * 3600
    assert usage >= LOOK_J


def test_dark_and_bright_are_told_apart_as_the_card_says(tmp_path: Path) -> None:
    model = make_classifier(tmp_path)
    for value, name in ((10, "dark"), (240, "bright")):
        (found,) = model.detect(np.full((50, 80, 3), value, np.uint8))
        assert found.label == name
        assert found.confidence > 0.9


def test_a_classification_model_that_fails_is_a_fault_and_keeps_no_event_back(
    make_unit: Any,
) -> None:
    def fail(name: str) -> OnnxDetector:
        raise ModelError(f"the model {name} is not there")

    unit = make_unit(camera={"gate": CAMERA})
    look_again(unit, fail)
    event = watch(unit)
    assert (event.sub_label, event.sub_confidence) == ("", None)
    assert "the model vans is not there" in [one.text for one in unit.store.rows(Fault)]


def test_a_model_that_a_zone_names_is_in_use() -> None:
    stated = list_references(replace(Settings(), camera={"gate": CAMERA}))
    assert stated["[camera.gate.zone.yard] classify"] == "vans"
