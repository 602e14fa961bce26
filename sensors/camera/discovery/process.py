"""The process that asks one camera: `python -m sensors.camera.discovery.process`.

Reads: one job as JSON on standard input, the password in it; the camera. Writes: one line of JSON.
Never: takes more memory than `LIMIT_BYTES`, and never writes the password anywhere.
"""

import json
import logging
import resource
import sys
from importlib.util import find_spec
from typing import Any

from sensors.camera.discovery.troubles import Trouble

LIMIT_BYTES = 512 * 1024 * 1024  # of data: usual are 50 MB
LIMIT_CPU_S = 30


def main() -> None:
    """Do the job; whatever a camera sends ends in an answer, or in a process that died."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_CPU_S, LIMIT_CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)  # zeep logs what it sends
    print(json.dumps(do(json.load(sys.stdin))))


def do(job: dict[str, Any]) -> dict[str, Any]:
    """The result, or the kind of trouble."""
    if job.get("do") == "look":
        from sensors.camera.discovery.look_job import do_look  # noqa: PLC0415  (20 MB)

        return do_look(job)
    if find_spec("onvif") is None or find_spec("zeep") is None:
        return {"trouble": Trouble.NO_LIBRARY}
    from sensors.camera.discovery.jobs import do_job  # noqa: PLC0415  (an extra, and 50 MB)

    return do_job(job)


if __name__ == "__main__":
    main()
