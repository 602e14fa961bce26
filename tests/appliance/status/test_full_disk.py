"""A disk without space is a fault of the status document, although no row can tell it."""

import shutil
from typing import NamedTuple

import pytest

from appliance.settings import Settings
from tests.appliance.status.test_status_document import document
from tests.conftest import OpenStore


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free_bytes", "faults"), [(0, 1), (999_999, 1), (50_000_000, 0)])
def test_a_full_disk_is_told_without_a_row(
    open_store: OpenStore,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    free_bytes: int,
    faults: int,
) -> None:
    open_store("power")
    usage = Usage(10**9, 10**9 - free_bytes, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = document(open_store, settings)
    assert [one["code"] for one in found["faults"]] == ["disk"] * faults
    assert ("is full" in "".join(one["text"] for one in found["faults"])) is bool(faults)


def test_a_directory_that_cannot_be_asked_is_no_full_disk(
    open_store: OpenStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> Usage:
        raise PermissionError

    open_store("power")
    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert document(open_store, settings)["faults"] == []
