"""Whether the camera is watched now, and the rows that say so later.

Reads and writes: nothing; the cycle stores what it returns.
Never: counts time for which the process was not there (appliance/status/coverage.py finds why).
"""

from appliance.model import Stamp
from appliance.model_cameras import CameraCoverage, CameraMode, HoldKind, Watching

ROW_EVERY_S = 900.0  # so much is unknown at most when the process is killed
HELD = {HoldKind.OFF: Watching.OFF, HoldKind.PAUSE: Watching.PAUSED}
BY_MODE = {
    CameraMode.OFF: Watching.ENERGY,
    CameraMode.LISTEN: Watching.LISTENED,
    CameraMode.PROBE: Watching.LISTENED,
}


def judge_watching(
    mode: CameraMode, *, held: HoldKind | None, is_dead: bool, is_blind: bool, is_asked: bool
) -> Watching:
    """Whether it is watched: what a person ordered first, then what the camera gives, then who
    takes it.
    """
    if held in HELD:
        return HELD[held]
    if is_dead:
        return Watching.DEAD
    if mode is CameraMode.OFF:
        return Watching.ENERGY
    if is_blind:
        return Watching.BLIND
    if mode in BY_MODE:
        return BY_MODE[mode]
    return Watching.WATCHED if is_asked else Watching.NOT_ASKED


class CoverageLog:
    """Makes a row of each time in which nothing changed."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._since: Stamp | None = None
        self._watching = Watching.UNKNOWN
        self._reason = ""

    def note(self, watching: Watching, reason: str, now: Stamp) -> list[CameraCoverage]:
        """It is so from now on; returns the row of the time before, where that is over or long, and
        one that says what has begun.
        """
        since = self._since
        is_new = since is None or since.boot_id != now.boot_id or watching is not self._watching
        if not is_new and since and now.uptime_s - since.uptime_s < ROW_EVERY_S:
            return []
        rows = self.end(now)
        self._since, self._watching, self._reason = now, watching, reason
        begins = [CameraCoverage(now, self._camera, watching, 0.0, reason)] if is_new else []
        return [*rows, *begins]

    def end(self, now: Stamp) -> list[CameraCoverage]:
        """The row of the time until now."""
        since, self._since = self._since, None
        if since is None or since.boot_id != now.boot_id:
            return []
        lasted_s = now.uptime_s - since.uptime_s
        return [CameraCoverage(now, self._camera, self._watching, lasted_s, self._reason)]
