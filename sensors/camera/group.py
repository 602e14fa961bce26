"""The cameras of one energy level: `python -m sensors.camera.group LEVEL --settings FILE`.

One small process imports everything and reads the settings once; each camera is forked from it, so
that they share that memory, and is a process of its own all the same: what a hostile or broken
stream does to libav, it does to its own camera (docs/decisions/0033-cameras-are-forked.md).

Reads: the settings, when each camera last worked. Writes: nothing itself.
Never: opens a camera or the database itself, or has a thread: it could not be forked safely.
"""

import argparse
import gc
import io
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import av
from av.video.frame import VideoFrame

from appliance import log, settings_file
from appliance.errors import ApplianceError
from appliance.media.frames import I420
from appliance.model import EnergyLevel
from appliance.parsing.arguments import PATH
from appliance.process.children import Children, fork, supervise
from appliance.process.instance_lock import find_worked_s
from appliance.process.memory import give_back
from appliance.process.notify import Notifier
from appliance.process.service import Cycle, Leave, Loop, Service, end_with, run_forked
from appliance.process.units import CAMERAS
from appliance.settings import Settings
from appliance.wording.sentence import say
from sensors.camera.__main__ import assemble, leave_if_replaced
from sensors.camera.gates import rain  # noqa: F401  (imported here to be shared)
from sensors.camera.gates.picture_gate import HEIGHT, WIDTH, PictureGate
from sensors.camera.pictures import encoding
from sensors.camera.pictures.gop import GroupOfPictures
from sensors.camera.sources import live, video_file  # noqa: F401
from sensors.camera.sources.source import EncodedPacket
from sensors.camera.tamper_checks.checks import Tamper

REHEARSALS = 10  # Python adapts its code while it runs the first few times
# A grey picture of 160 x 120, of which nothing but the parameter sets and one key frame is left.
KEY_FRAME = bytes.fromhex(
    "000000016764000cac720442847e5840000003004000000c83c50a61180000000168e8438392c8b0"
    "0000000165888100055ffd4ff0f40c712e7fff1aff259d113547101ecfc02f4048c1"
    "0000000165052220400157fffd4ff0f40c712e7fff1aff259d113547101ecfc02f4048c1"
)
REPORTED_S = 600.0  # so long after it a crash stays a fault
MOST_BYTES = 1024**3  # of one camera's own memory: MemoryMax= of a unit is for all of them


class CrashError(ApplianceError):
    """The process of a camera ended by a crash, and was started again."""

    code = "crash"


def main() -> None:
    parser = argparse.ArgumentParser(prog="camera", description=__doc__.partition("\n")[0])
    levels = {level.name.lower(): level for level in EnergyLevel}
    parser.add_argument("level", choices=levels, help="the cameras' `runs_from`")
    parser.add_argument("--settings", type=PATH, help="settings file")
    arguments = parser.parse_args()
    try:
        settings = settings_file.load_settings(arguments.settings)
    except ApplianceError as error:
        end_with("camera", error)
    leave_if_replaced(f"{CAMERAS}{arguments.level}", settings, Notifier())
    names = list_cameras(settings, levels[arguments.level])
    if not names:
        print(f"camera: no camera runs from {arguments.level}", file=sys.stderr)
        return
    worked_s = partial(find_worked_s, settings.unit.run_dir)
    children = Children(
        names, partial(fork_camera, settings), lambda name, pid: worked_s(f"camera@{name}", pid)
    )
    rehearse()
    gc.collect()
    give_back()
    gc.freeze()  # a collection would write to each object, and so copy its page
    supervise(children, Notifier())


def list_cameras(settings: Settings, level: EnergyLevel) -> tuple[str, ...]:
    """The cameras that run from this level."""
    return tuple(name for name, one in settings.camera.items() if one.runs_from == level)


def rehearse() -> None:
    """Do once what each camera does with a picture: what that imports and prepares is shared."""
    gate, tamper = PictureGate(()), Tamper()
    frame = encoding.make_frame(bytearray(WIDTH * HEIGHT * 3 // 2), VideoFrame(WIDTH, HEIGHT))
    for number in range(REHEARSALS):
        grey = encoding.to_grey(frame)
        gate.compare(grey, float(number))
        tamper.take(frame, grey, 10.0 * number)
    encoding.encode(frame, I420)
    "a.lan".encode("idna")  # for names of cameras
    rehearse_stream()


def rehearse_stream() -> int:
    """Read and decode a stream once: libav prepares its tables for H.264, Python loads its rest.

    Returns how many pictures it had.
    """
    group = GroupOfPictures("the rehearsal")
    with av.open(io.BytesIO(REHEARSALS * KEY_FRAME), format="h264") as container:
        stream = container.streams.video[0]
        codec = video_file.read_codec(stream)
        for number, packet in enumerate(container.demux(stream)):
            if packet.size:
                group.add(EncodedPacket(packet, codec, float(number), packet.size, is_key=True))
                group.decode_newest()
    return group.frames_decoded


def fork_camera(settings: Settings, name: str, trouble: str) -> int:
    """Start one camera; returns its pid. `trouble`: how its process ended before."""
    return fork(partial(run_camera, settings, name, trouble, os.getpid()), log.flush)


def run_camera(settings: Settings, name: str, trouble: str, parent: int) -> None:
    """The service of one camera; PID 1 is notified by the parent."""
    os.environ.pop("NOTIFY_SOCKET", None)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    run_forked("camera", name, settings, partial(assemble_child, trouble, parent))


def assemble_child(trouble: str, parent: int, service: Service) -> Loop:
    """A camera that reports its last crash for some time, and ends with its parent."""
    loop = assemble(service)
    return replace(loop, cycle=watch(service, loop.cycle, trouble, parent))


def watch(
    service: Service,
    cycle: Cycle,
    trouble: str,
    parent: int,
    now_s: Callable[[], float] = time.monotonic,
) -> Cycle:
    """The cycle, with what is reported and checked around it."""
    ends_s = now_s() + REPORTED_S

    def run() -> str:
        if os.getppid() != parent:
            raise Leave("the process that started this one is gone")
        if trouble and now_s() < ends_s:
            service.report_fault(
                CrashError(say("{trouble}; it works again: see its log for why", trouble=trouble))
            )
        return cycle()

    return run


if __name__ == "__main__":
    main()
