"""What packages above the ground floor plug in, by entry points (docs/decisions/0008).

Reads: the installed packages' own files. Writes: nothing.
Never: imports a plug-in; whoever uses it loads it, and bears that it fails.
"""

from importlib.metadata import EntryPoint, distributions


def list_plugins(group: str) -> list[EntryPoint]:
    """What is plugged into `group`: of each distribution the first that Python finds, so that the
    app of a release stands for the installed one (docs/decisions/0039).

    `importlib.metadata.entry_points` is not asked: an old .egg-info in the directory of the sources
    (it has no METADATA) would hide what is installed.
    """
    found: dict[str, tuple[bool, list[EntryPoint]]] = {}
    for one in distributions():
        points = [point for point in one.entry_points if point.group == group]
        if not points:
            continue
        installed = one.read_text("METADATA") is not None
        if one.name not in found or (installed and not found[one.name][0]):
            found[one.name] = installed, points
    return [point for _, points in found.values() for point in points]
