"""Fixtures of the inference service: units with given cameras and settings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from appliance.sections.cameras import CameraSettings
from appliance.sections.computer import ComputerSettings
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.inference_unit import InferenceUnit


@pytest.fixture
def make_unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Iterator[Any]:
    """`make_unit(cameras=..., camera=..., **inference)`: a unit with these settings."""
    made: list[InferenceUnit] = []

    def make(
        cameras: Sequence[str] = ("gate",),
        camera: dict[str, CameraSettings] | None = None,
        **inference: Any,
    ) -> InferenceUnit:
        own = replace(settings.inference, **inference)
        unit = InferenceUnit(
            replace(
                settings, inference=own, camera=camera or {}, computer=ComputerSettings(idle_w=0)
            ),
            clock,
            open_store,
            cameras,
        )
        made.append(unit)
        return unit

    yield make
    for unit in made:
        unit.store.close()


@pytest.fixture
def unit(make_unit: Any) -> InferenceUnit:
    return make_unit()  # type: ignore[no-any-return]
