"""`make bench-provisioning`: build/bench/provisioning.json. `--quick` boots no image.

`wall_s`: from power on of the booted image to the result of an unattended walk, in which nobody is
asked. What a person types is counted at a terminal before the simulated unit of
`make provision-demo`: a technician presses Enter at each question; what is asked again has to be
typed. `typed`: those questions, secrets with them; a secret that is typed twice counts once.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError
from provisioning.emulator.programs import EMULATED, choose_accelerator, list_missing
from tests.bench.provisioning.typed import TypedWalk, walk_typing
from tests.bench.report import Figure, publish, quick
from tests.real_boot import answers
from tests.real_boot.built import IMAGE
from tests.real_boot.unit import EmulatedUnit
from tests.stand_ins.rtsp import WHY_NOT, Cameras, serving

GOAL = 3  # name of the site, PIN, size of the battery
HOUR_GOAL_S = 1800.0


def main() -> None:
    short = quick("provisioning")
    by_hand = walk_typing()
    booted = {"skipped": "the short form boots no image"} if short else try_image()
    figures = [*list_booted(booted), *list_typed(by_hand)]
    technician = by_hand.technician
    publish(
        "provisioning",
        figures,
        short,
        {"typed": technician.typed, "confirmed": technician.confirmed},
        open_steps=by_hand.open_steps,
        booted_image=booted,
    )
    for one in technician.typed:
        print(f"  typed: {one}")
    if "skipped" in booted:
        print(f"  booted image: {booted['skipped']}")


def list_booted(booted: dict[str, Any]) -> list[Figure]:
    """Empty where none was booted."""
    if "wall_s" not in booted:
        return []
    return [
        Figure("booted image: power on to report", booted["wall_s"], "s", HOUR_GOAL_S),
        Figure("booted image: of this until SSH answers", booted["boot_s"], "s"),
        Figure("booted image: waits for a person", 0, "s"),
        Figure("booted image: steps changed", booted["changed"], "steps"),
    ]


def list_typed(walk: TypedWalk) -> list[Figure]:
    technician = walk.technician
    return [
        Figure("simulated unit: walk at a terminal", walk.wall_s, "s"),
        Figure("simulated unit: questions to a person", technician.asked, "questions"),
        Figure("simulated unit: typed by hand", len(technician.typed), "answers", GOAL),
        Figure("simulated unit: steps left open", len(walk.open_steps), "steps"),
    ]


def try_image() -> dict[str, Any]:
    """With a reason where this computer cannot."""
    missing = list_missing() + ([] if IMAGE.is_file() else ["`make image`"])
    if missing:
        return {"skipped": f"missing: {', '.join(missing)}"}
    try:
        if WHY_NOT:
            return {**measure_image(None), "camera": WHY_NOT}
        with serving(f"{answers.CAMERA}={answers.VIDEO}") as cameras:
            return measure_image(cameras)
    except (ApplianceError, AssertionError) as error:
        print(f"bench-provisioning: {error}", file=sys.stderr)
        return {"skipped": str(error)}


def measure_image(cameras: Cameras | None) -> dict[str, Any]:
    """A first boot with a file of answers, to its result."""
    with tempfile.TemporaryDirectory(prefix="bench-provisioning-") as place:
        unit = EmulatedUnit(IMAGE, Path(place) / "m", serial=True)
        answers.put(unit, answers.list_files(cameras))
        with unit.site.simulated():
            try:
                return watch(unit)
            finally:
                unit.machine.cut_power()


def watch(unit: EmulatedUnit) -> dict[str, Any]:
    began = time.monotonic()
    unit.boot()
    unit.wait_for(unit.find_boot, answers.WALK_S, "SSH")
    boot_s = time.monotonic() - began
    walk = answers.wait_for_result(unit)
    return {
        "wall_s": round(time.monotonic() - began, 1),
        "boot_s": round(boot_s, 1),
        "exit_status": walk.exit_status,
        "result": walk.text,
        "emulated": choose_accelerator() == EMULATED,
        **walk.last,
    }


if __name__ == "__main__":
    main()
