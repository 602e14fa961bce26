"""Power cuts at every call of an update, and in the recovery from a cut: all come to an end."""

import pytest

from ota.manifest import LayerKind
from tests.bench.updates.crash_images import SIMPLE, Scenario, count_images
from tests.stand_ins.naive_swap import swap_naively

OS, APP = LayerKind.OS, LayerKind.APP


@pytest.mark.parametrize("scenario", SIMPLE, ids=lambda one: one.name)
def test_every_cut_ends_with_the_release_or_with_the_one_before(scenario: Scenario) -> None:
    found = count_images(scenario, most=60, seed=1)
    assert found.images == 60
    assert found.unrecoverable == []


@pytest.mark.parametrize("scenario", SIMPLE[:1], ids=lambda one: one.name)
def test_a_cut_in_the_recovery_from_a_cut_ends_as_well(scenario: Scenario) -> None:
    found = count_images(scenario, most=12, seed=2, twice=6)
    assert found.unrecoverable == []


def test_a_build_whose_syncs_do_nothing_is_caught() -> None:
    assert count_images(SIMPLE[0], most=60, seed=3, syncs=False).unrecoverable


def test_a_build_that_removes_a_pointer_before_it_makes_the_new_one_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ota.layers.layers.swap_link", swap_naively)
    assert count_images(SIMPLE[0], most=200, seed=4).unrecoverable
