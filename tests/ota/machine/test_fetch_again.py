"""A layer that comes out damaged again and again: it is not fetched at each check-in."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from appliance.model import Stamp
from appliance.model_updates import UpdateStep
from ota.errors import TrustError, UpdateError
from ota.machine.ports import Payloads
from ota.manifest import Layer
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.simple_payloads import SimplePayloads
from tests.stand_ins.update_unit import HOME, NOON, UpdatedUnit, make_offer


@dataclass
class SpoiledPayloads(SimplePayloads):
    """`error`: what a fetch ends with; None: it comes whole, and the disk damages it."""

    heard: list[str] = field(default_factory=list)
    error: UpdateError | None = None

    def fetch(self, layer: Layer, **options: object) -> None:
        self.heard.append(layer.sha256)
        if self.error:
            raise self.error
        super().fetch(layer, **options)  # type: ignore[arg-type]

    def verify(self, layer: Layer) -> bool:
        return False


@dataclass
class SpoilingUnit(UpdatedUnit):
    fetched: list[str] = field(default_factory=list)
    error: UpdateError | None = None
    hours: int = 0
    is_spoiled: bool = True
    technician: bool = False

    def make_payloads(self) -> Payloads:
        if not self.is_spoiled:
            return SimplePayloads(self.files, HOME)
        return SpoiledPayloads(self.files, HOME, self.fetched, self.error)

    def stamp(self) -> Stamp:
        return Stamp(NOON + timedelta(hours=self.hours), "00000000", self.uptime_s)

    def check_in_hourly(self, hours: int) -> str:
        """The sentence of the last of so many check-ins."""
        reason = ""
        for _ in range(hours):
            engine = self.make_engine()
            engine.before.technician = self.technician
            reason = engine.run().reason
            self.hours += 1
        return reason


def make_unit(error: UpdateError | None = None) -> SpoilingUnit:
    unit = SpoilingUnit(RecordingFiles(), error=error)
    unit.begin()
    unit.offers = [make_offer("2", sequence=2)]
    return unit


SPOILS = [None, TrustError("3 chunks are not what the index says", "chunk-mismatch")]


@pytest.mark.parametrize("error", SPOILS)
def test_it_is_fetched_ever_more_rarely_and_told_in_words(error: UpdateError | None) -> None:
    unit = make_unit(error)
    said = unit.check_in_hourly(1)
    assert len(unit.fetched) == 2, "once more at once"
    assert "came out damaged each time: it is fetched again in 24 h" in said
    counts = []
    for _ in range(4):
        unit.check_in_hourly(24 * 4)
        counts.append(len(unit.fetched))
    assert counts == [4, 5, 5, 6], "after 1, 2, 4, 8 days"


def test_a_link_that_breaks_counts_for_nothing_and_is_tried_each_time() -> None:
    unit = make_unit(TrustError("too old", "expired-timestamp"))
    unit.check_in_hourly(24)
    assert len(unit.fetched) == 24
    assert not unit.progress.spoiled


def test_an_order_and_a_commit_forget_it() -> None:
    unit = make_unit()
    unit.check_in_hourly(1)
    assert unit.make_engine().forget_failures("2")
    assert not unit.progress.spoiled
    unit.check_in_hourly(1)
    assert len(unit.fetched) == 4
    unit.hours += 100
    unit.is_spoiled = False
    unit.run()
    assert (unit.app, dict(unit.progress.spoiled)) == ("2", {})


def test_with_a_technician_it_ends_and_does_not_wait_for_days() -> None:
    unit = make_unit()
    unit.technician = True
    assert "check the disk, and the stick" in unit.check_in_hourly(2)
    assert unit.progress.step is UpdateStep.VERIFY
    assert len(unit.fetched) == 3
