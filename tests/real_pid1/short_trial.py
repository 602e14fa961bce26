"""In the container: `python -m ota.checkin` with a trial of seconds where a unit's takes minutes.

A drop-in of the container's own has PID 1 run it as appliance-checkin does, in the same sandbox
and as the same user. The steps, the checks and what they read are the program's; only how long it
waits differs: the fields of `After`, which the engine gets from this one place.
"""

from functools import partial

from ota.checkin.__main__ import main as check_in
from ota.machine import engine
from ota.machine.after import After

HEALTH_S = 150.0  # the sensors write a row once a minute, and the updater comes again after 30 s
SETTLE_S, STEADY_S = 10.0, 5.0


def main() -> None:
    short = partial(After, health_s=HEALTH_S, settle_s=SETTLE_S, steady_s=STEADY_S)
    setattr(engine, "After", short)  # noqa: B010  (mypy takes no other class)
    check_in()


if __name__ == "__main__":
    main()
