"""What packages above the ground floor plug in, by entry points (docs/decisions/0008).

Reads: the installed packages' own files. Writes: nothing.
Never: imports a plug-in; whoever uses it loads it, and bears that it fails.
"""

from importlib.metadata import EntryPoint, distributions


def list_plugins(group: str) -> list[EntryPoint]:
    """What is plugged into `group`. `importlib.metadata.entry_points` is not asked: an old
    .egg-info in the directory of the sources would hide what is installed.
    """
    points = (point for one in distributions() for point in one.entry_points)
    return [point for point in points if point.group == group]
