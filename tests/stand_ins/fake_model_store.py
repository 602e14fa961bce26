"""A model store to test: beside the shipped models, with an examination that passes all at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.settings import Settings
from inference.detection.model_card import ModelCard
from inference.model_store import ModelStore
from inference.model_store.costs import Figure
from inference.model_store.examine import ExaminationResult, compute_card_digest
from tests.scenes.onnx_models import make_model, write_model

NANODET = "nanodet-g-416-int8"
FIGURE = Figure(
    sha256="ab" * 32,
    name="small",
    provider="CPUExecutionProvider",
    mode="",
    measured=True,
    per_frame_j=0.25,
    load_j=3.0,
    load_s=1.5,
    frames=100,
    cpu_ms=40.0,
    median_ms=41.0,
    p95_ms=50.0,
    meter="RAPL",
    machine="a test",
    at="2026-04-15T10:00:00Z",
)


class Examination:
    """Stands in for the child process: passes every model, and counts."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.strict_licences: tuple[str, ...] = ()
        self.refuses = ""

    def __call__(self, model: Path, card: ModelCard) -> ExaminationResult:
        self.seen.append(model.name)
        if self.refuses:
            raise ModelError(self.refuses)
        return ExaminationResult(
            card.sha256, compute_card_digest(model), self.strict_licences, "2026-04-15T10:00:00Z"
        )


def make_store(settings: Settings, examination: Examination) -> ModelStore:
    """An empty store beside the shipped models, one of which the settings name."""
    own = replace(settings.inference, model=NANODET)
    return ModelStore(replace(settings, inference=own), examination=examination)


def reopen(store: ModelStore, **inference: Any) -> ModelStore:
    """The store as a process sees it that starts now, with other settings if given."""
    own = replace(store.settings.inference, **inference)
    return ModelStore(replace(store.settings, inference=own), store.shipped, store.examination)


def read_contents(store: ModelStore) -> dict[str, bytes]:
    """All files of the store, but for the lock."""
    files = (path for path in store.root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(store.root)): path.read_bytes()
        for path in files
        if path.name != ".lock"
    }


def write_small_model(tmp_path: Path, name: str = "small", seed: int = 1, **card: Any) -> Path:
    return write_model(tmp_path / "from", make_model(seed=seed), name, **card)
