"""`make bench-image`: build/bench/image.json. `--quick` leaves the virtual machine out."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError
from provisioning.emulator.programs import list_missing
from provisioning.image.compare import compare
from tests.bench.image.night import Night, measure_night
from tests.bench.image.sizes import list_largest, measure_packed, measure_tree
from tests.bench.image.start import measure_start
from tests.bench.report import Figure, publish
from tests.real_image.booted import IMAGE, IMAGE_ROOT

WORST = 2.0


def main() -> None:
    asked = parse_arguments()
    if not IMAGE.is_file() or os.geteuid() != 0:
        sys.exit(f"bench-image: needs {IMAGE} (`make image`) and root's rights")
    largest = list_largest(IMAGE_ROOT)
    packed = measure_packed(IMAGE)
    settle_s, measure_s = (10, 30) if asked.quick else (40, 240)
    night = measure_night(IMAGE_ROOT, settle_s=settle_s, measure_s=measure_s)
    boot = {} if asked.quick else measure_boot()
    also = {"image_mb": round(packed, 1), **boot, **round_night(night), **find_same(asked.other)}
    reasons = {name: why for name, why in give_reasons(asked).items() if also.get(name) is None}
    also = {**dict.fromkeys(reasons), **also}
    figures = [*list_figures(packed, night), *show_boot(boot)]
    publish("image", figures, asked.quick, also, largest_mb=largest, reasons=reasons)
    print(
        "\nlargest parts, MB\n" + json.dumps({k: round(v, 1) for k, v in largest.items()}, indent=1)
    )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-image")
    parser.add_argument("--quick", action="store_true", help="no virtual machine, coarser")
    parser.add_argument("--other", type=Path, help="image/ of another build of this commit")
    return parser.parse_args()


def measure_boot() -> dict[str, Any]:
    """Empty where this computer cannot."""
    if list_missing():
        return {}
    try:
        start = measure_start(IMAGE)
    except ApplianceError as error:
        print(f"bench-image: {error}", file=sys.stderr)
        return {}
    found = {"boot_to_ready_s": start.ready_s, "first_detection_s": start.detection_s}
    return {**{name: round(value, 1) for name, value in found.items()}, "emulated": start.emulated}


def round_night(night: Night) -> dict[str, float]:
    return {
        "idle_wakeups_per_s": round(night.wakeups_per_s, 2),
        "idle_pss_mb": round(night.pss_mb, 1),
        "worst_security": night.worst_security,
    }


def find_same(other: Path | None) -> dict[str, Any]:
    if other is None:
        return {}
    differing = list(compare(IMAGE.parent, other))
    return {"reproducible": not differing, "differing": differing}


def give_reasons(asked: argparse.Namespace) -> dict[str, str]:
    """Why a figure is missing."""
    boot = "the quick form starts no virtual machine" if asked.quick else "it did not start"
    return {
        "boot_to_ready_s": boot,
        "first_detection_s": boot,
        "reproducible": "name another build of this commit: OTHER=DIRECTORY/image",
    }


def list_figures(packed: float, night: Night) -> list[Figure]:
    return [
        Figure("image, packed by zstd", packed, "MB"),
        Figure("its root", measure_tree(IMAGE_ROOT), "MB"),
        Figure("idle: wake-ups", night.wakeups_per_s, "a second"),
        Figure("idle: memory, shared pages once", night.pss_mb, "MB", 250),
        Figure("idle: the same, of every process", night.all_pss_mb, "MB"),
        Figure("idle: cpu of one core", night.cpu_pct, "%", 2.0),
        Figure("idle: written at this rate", night.written_mb_a_day, "MB a day"),
        Figure("worst systemd-analyze security", night.worst_security, "", WORST),
    ]


def show_boot(boot: dict[str, Any]) -> list[Figure]:
    names = {"boot_to_ready_s": "power to READY", "first_detection_s": "power to first detection"}
    return [Figure(shown, boot[name], "s") for name, shown in names.items() if name in boot]


if __name__ == "__main__":
    main()
