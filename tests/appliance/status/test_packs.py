"""Batteries in the status document and in `unitctl status`: all cells, and those that are apart."""

from dataclasses import replace
from typing import Any

from appliance.commands.status import describe_packs
from appliance.settings import BmsSettings, Settings
from tests.appliance.status.test_status_document import document
from tests.conftest import OpenStore
from tests.scenes.readings import battery_reading
from tests.stand_ins.fakes import FakeClock

CELLS = {"1": 3.331, "2": 3.33, "3": 3.12, "4": 3.329}


def show(open_store: OpenStore, settings: Settings, clock: FakeClock, **pack: Any) -> list[str]:
    """The lines of `unitctl status` about one pack."""
    settings = replace(settings, bms={"pack": BmsSettings()})
    open_store("power").add(battery_reading(clock, **pack))
    found = document(open_store, settings)["packs"]
    return [f"{line.name}: {line.text}" for line in describe_packs(found, settings)]


def test_all_cells_are_shown_and_the_one_apart_stands_out(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    lines = show(open_store, settings, clock, cell_voltages_v=CELLS)
    assert lines[1:] == [
        "cells: 3.331 3.330 3.120 3.329",
        ": cell 3 has 3.120 V, 0.21 V below the median of all cells",
    ]


def test_where_no_cells_are_given_none_are_shown(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    (line,) = show(open_store, settings, clock)
    assert "cells 3.330 to 3.345 V" in line


def test_cells_of_a_silent_pack_are_not_shown_as_present(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    open_store("power").add(battery_reading(clock, cell_voltages_v=CELLS))
    clock.advance(600)
    settings = replace(settings, bms={"pack": BmsSettings()})
    (pack,) = document(open_store, settings)["packs"]
    assert (pack["fresh"], pack["cells"]) == (False, None)
