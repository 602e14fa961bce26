"""Power cuts in updates from a mirror, with real trust, downloads and boot entries."""

import pytest

from tests.bench.updates.crash_images import REAL, Scenario, count_images
from tests.bench.updates.fetched_twice import measure_again
from tests.stand_ins.esp_board import EspBoard
from tests.stand_ins.naive_swap import swap_naively
from tests.stand_ins.named_by_slot import NamedBySlot

APP, ROW = REAL[0], REAL[-1]


@pytest.mark.parametrize("scenario", REAL, ids=lambda one: one.name)
def test_every_cut_ends_with_the_release_or_with_the_one_before(scenario: Scenario) -> None:
    found = count_images(scenario, most=10, seed=1)
    assert found.images == 10
    assert found.unrecoverable == []


def test_a_cut_in_the_recovery_from_a_cut_ends_as_well() -> None:
    assert count_images(APP, most=4, seed=2, twice=3).unrecoverable == []


def test_what_came_before_a_cut_does_not_come_again() -> None:
    assert measure_again(APP, most=12, seed=3) <= 64 * 1024


def test_a_build_whose_syncs_do_nothing_is_caught() -> None:
    assert count_images(APP, most=40, seed=3, syncs=False).unrecoverable


def test_a_build_that_removes_a_pointer_before_it_makes_the_new_one_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ota.layers.layers.swap_link", swap_naively)
    assert count_images(APP, most=40, seed=4, around="remove /ota/pointers").unrecoverable


def test_entries_named_by_slot_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspBoard, "make_backend", NamedBySlot)
    assert count_images(ROW, most=10, seed=5).unrecoverable
