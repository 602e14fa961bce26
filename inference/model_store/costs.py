"""The energy cost of a model on this unit: joules per frame and per loading.

Reads: bench.json, the settings. Writes: bench.json, by `unitctl models bench` alone.
Never: uses a figure of another provider; without a figure the settings count.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.settings import Settings
from appliance.status.model_files import read_json
from appliance.wording.sentence import say

# Of a model that was never measured: a session of a small one takes less on any processor.
GUESSED_LOAD_S = 2.0


@dataclass(frozen=True, slots=True)
class ModelCost:
    """`measured`: by a meter; else modelled from processor time, or from the settings."""

    per_frame_j: float
    load_j: float
    load_s: float
    measured: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """The results of one run of `unitctl models bench`; the fields are the keys of bench.json."""

    sha256: str
    name: str
    provider: str
    mode: str
    measured: bool
    per_frame_j: float
    load_j: float
    load_s: float
    frames: int
    cpu_ms: float
    median_ms: float
    p95_ms: float
    meter: str
    machine: str
    at: str

    @property
    def cost(self) -> ModelCost:
        how = (
            say("measured ({meter})", meter=self.meter)
            if self.measured
            else say("modelled from processor time")
        )
        return ModelCost(
            self.per_frame_j,
            self.load_j,
            self.load_s,
            measured=self.measured,
            reason=say("{how} on {at}", how=how, at=self.at[:10]),
        )


class FigureFile:
    """The figures in bench.json, read again when the file is another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mtime_ns = 0
        self._figures: list[Figure] = []

    def find_cost(self, digest: str, provider: str, *, mode: str | None) -> ModelCost | None:
        """The newest that fits, None where there is none."""
        fitting = [
            one
            for one in self.list_figures(digest)
            if one.provider == provider and mode in (None, one.mode)
        ]
        return fitting[-1].cost if fitting else None

    def list_figures(self, digest: str) -> list[Figure]:
        """All figures of one model, the newest last."""
        self._refresh()
        return [one for one in self._figures if one.sha256 == digest]

    def _refresh(self) -> None:
        try:
            mtime_ns = self._path.stat().st_mtime_ns
        except OSError:
            mtime_ns = 0
        if mtime_ns != self._mtime_ns:
            self._mtime_ns = mtime_ns
            self._figures = read_figures(self._path)


def read_figures(path: Path) -> list[Figure]:
    """The figures in a file, the oldest first; those that are none are left out."""
    entries = read_json(path).get("figures")
    figures = [parse_figure(entry) for entry in entries] if isinstance(entries, list) else []
    return sorted((one for one in figures if one), key=lambda one: one.at)


def parse_figure(tree: Any) -> Figure | None:
    """One entry of bench.json; None where it is damaged."""
    kinds = Figure.__annotations__
    if not isinstance(tree, dict) or set(tree) != set(kinds):
        return None
    if not all(is_of_kind(tree[name], kind) for name, kind in kinds.items()):
        return None
    return Figure(**tree)


def is_of_kind(value: Any, kind: type) -> bool:
    """Whether a value is of its kind; a number is finite and not below 0."""
    if kind is float:
        return type(value) in (int, float) and 0 <= value < float("inf")
    return type(value) is kind


def replace_figure(figures: list[Figure], fresh: Figure) -> list[Figure]:
    """`fresh` in the place of the one of the same model, provider and mode."""

    def key(one: Figure) -> tuple[str, str, str]:
        return one.sha256, one.provider, one.mode

    return [*(one for one in figures if key(one) != key(fresh)), fresh]


def assume_cost(settings: Settings) -> ModelCost:
    """The cost assumed for a model that was never measured here."""
    return ModelCost(
        settings.inference.energy_per_frame_j,
        GUESSED_LOAD_S * settings.computer.core_w,
        GUESSED_LOAD_S,
        measured=False,
        reason=say("by the settings: energy_per_frame_j; `unitctl models bench` measures it"),
    )
