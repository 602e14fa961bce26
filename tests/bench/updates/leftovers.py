"""What a unit keeps that no next update would remove: it would grow from cut to cut.

Reads: the disk of a unit in memory. Writes: nothing.
Never: counts what the running release or the one before it needs.
"""

from pathlib import Path

from ota.layers.pointers import list_named
from tests.stand_ins.update_unit import HOME, UpdatedUnit

MOST_BLOBS = 40  # metadata of two generations of both repositories
FAILED = 1  # a release that failed once is kept for its second try


def find_leftover(unit: UpdatedUnit) -> str:
    """What is left over after the end of a next update, one sentence; "" where nothing is."""
    files, failed = unit.files, keep_failed(unit)
    unit.layers.collect_garbage(failed)
    wanted = list_named(files, HOME) | failed
    for folder in ("content", "lists", "parts"):
        names = files.list_names(HOME / folder)
        extra = [one for one in names if one.partition(".")[0] not in wanted]
        if extra:
            return f"{folder} keeps {extra[0]}"
    if len(files.list_names(HOME / "trust/blobs")) > MOST_BLOBS:
        return "trust keeps metadata without end"
    return find_half_made(unit)


def keep_failed(unit: UpdatedUnit) -> frozenset[str]:
    """What a release needs that is to be tried again, or was refused for now."""
    offer = unit.make_engine().offers
    failed = [one for one, failure in unit.progress.failures.items() if failure.count <= FAILED]
    found = [offer.read(one) for one in failed]
    return frozenset(layer.sha256 for one in found if one for layer in one.manifest.layers)


def find_half_made(unit: UpdatedUnit) -> str:
    """Half-made boot files and folders of kernels that no entry names."""
    entries = Path("/efi/loader/entries")
    names = unit.files.list_names(entries)
    kernels = unit.files.list_names(Path("/efi/neural-energy"))
    if len(names) > 4 or len(kernels) > 3:
        return f"the ESP has {len(names)} entries and {len(kernels)} kernels"
    return ""
