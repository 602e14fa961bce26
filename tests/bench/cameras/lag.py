"""How far a reader of a live stream is behind after an hour, whatever the camera's clock says.

The real reader, mapping of time stamps and gathering of packets; the camera, its socket and time
are simulated (tests/stand_ins/clocked_camera.py), so that an hour takes a second.
"""

from typing import Any

from tests.stand_ins.clocked_camera import CLOCKS, ClockedCamera, Lag

HOUR_S, LAST_S = 3600.0, 60.0
RATES = (25.0, 30000 / 1001, 8.0)
JITTERS_S = (0.0, 0.08)


def measure(quick: bool) -> dict[str, Any]:
    """The worst lag of the last minute of an hour in LISTEN, in s, by clock and over all."""
    rates = RATES[:1] if quick else RATES
    clocks = {
        name: max(play(name, rate, jitter_s) for rate in rates for jitter_s in JITTERS_S)
        for name in CLOCKS
    }
    return {"lag_s_after_1h": max(clocks.values()), "simulated": True, "clocks": clocks}


def play(name: str, rate: float, jitter_s: float) -> float:
    """One camera for an hour: what it left unread, or dated wrongly, in the last minute."""
    camera = ClockedCamera(CLOCKS[name], rate=rate, jitter_s=jitter_s)
    camera.play(HOUR_S - LAST_S)
    last: Lag = camera.play(LAST_S)
    return max(last.unread_s, last.dated_s)


if __name__ == "__main__":
    print(measure(quick=False))
