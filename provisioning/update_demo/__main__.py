"""`make update-demo`, beside a `make run`: one release that is kept, one that is taken back.

Reads: the running unit. Writes: a fleet below build/update-demo; a summary as the last line.
Never: starts a unit of its own.
"""

import argparse
import json
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from appliance import settings_file
from appliance.errors import ApplianceError, HostError
from appliance.model_updates import UpdateStep
from appliance.parsing.arguments import PATH
from appliance.settings import Settings
from ota.machine.progress import MOST_FAILURES
from provisioning.runner import ROOT
from provisioning.update_demo import mirror_server
from provisioning.update_demo.fleet_side import FleetSide
from provisioning.update_demo.unit_side import UnitSide

GOOD, BAD = "demo-good", "demo-broken"
MIRROR = "http://127.0.0.1:8099/"
KILLS = 2  # of each release


def main() -> None:
    parser = argparse.ArgumentParser(prog="update-demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--dir", type=PATH, default=ROOT / "build/run", help="of the running unit")
    parser.add_argument("--seed", type=int, default=1, help="of the instants of the kills")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        show_update(read_settings(Path(options.dir)), Random(options.seed), Path(options.dir))
    except ApplianceError as error:
        sys.exit(f"update-demo: {error}")
    except KeyboardInterrupt:
        sys.exit(1)


def read_settings(directory: Path) -> Settings:
    """The settings of the running unit; raises `HostError` where none runs."""
    with suppress(ApplianceError):
        settings = settings_file.load_settings(directory / "unit.toml")
        if settings.database.exists():
            return settings
    raise HostError(f"no unit runs in {directory}: start one with `make run` in another terminal")


def show_update(settings: Settings, random: Random, directory: Path) -> None:
    """Both releases, one after the other."""
    began_s = time.monotonic()
    fleet = FleetSide(directory.with_name("update-demo"))
    unit = UnitSide(settings, random, kills=KILLS)
    name = settings.unit.name
    fleet.begin()
    unit.trust(fleet.roots_of_trust)
    unit.make_slots()
    unit.name_mirror(MIRROR)
    server = mirror_server.serve(fleet.tree, urlsplit(MIRROR).port or 80)
    fleet.build(GOOD, sequence=1, with_system=True)
    unit.wait_for(unit.is_low, "a charge at which the gate is closed")
    fleet.publish(GOOD, name)
    unit.check_in()
    unit.wait_for(lambda: unit.count(UpdateStep.COMMIT, GOOD) > 0, "the commit")
    fleet.build(BAD, sequence=2, broken=True)
    fleet.publish(BAD, name)
    unit.kills = KILLS
    unit.check_in()
    unit.wait_for(lambda: unit.count(UpdateStep.ROLLBACK, BAD) >= MOST_FAILURES, "the rollback")
    unit.wait_for(lambda: is_given_up(unit), "the end of the attempts")
    unit.check_in()
    server.close()
    print(json.dumps(summarise(unit, time.monotonic() - began_s)))


def is_given_up(unit: UnitSide) -> bool:
    """Whether the broken release is not tried any more."""
    last = unit.find_last()
    return last is not None and last.step is UpdateStep.IDLE and last.waits_for == "operator"


def summarise(unit: UnitSide, wall_s: float) -> dict[str, float]:
    return {
        "committed": unit.count(UpdateStep.COMMIT, GOOD),
        "rolled_back": unit.count(UpdateStep.ROLLBACK, BAD),
        "kills": unit.killed,
        "wall_s": round(wall_s, 1),
    }


if __name__ == "__main__":
    main()
