"""The process of one camera: `python -m sensors.camera NAME --settings FILE`.

Reads and writes: nothing itself; wires the parts together and hands pictures out on a socket.
Never: decides anything.
"""

import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.media.frame_socket import FrameServer
from appliance.process.notify import Notifier
from appliance.process.service import Loop, Service, main, make_parser
from appliance.process.units import CAMERA, find_other_unit
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.motion import Motion
from sensors.camera.pictures.gop import GroupOfPictures
from sensors.camera.pictures.privacy_mask import PrivacyMask
from sensors.camera.pictures.recording import Recording
from sensors.camera.sources.hardware import Hardware
from sensors.camera.sources.opening import Opener
from sensors.camera.tamper_checks.checks import Tamper

CLIP_REQUESTED_WITHIN_S = 10.0  # at most, after a clip's end


def find_camera_settings(name: str, settings: Settings) -> CameraSettings:
    """The section of camera `name`; raises `SettingsError` that names the known ones."""
    if name not in settings.camera:
        known = ", ".join(settings.camera) or "none"
        raise SettingsError(
            f"{settings.path}: there is no camera {name!r} (known: {known}); "
            f"add a section [camera.{name}]"
        )
    return settings.camera[name]


def assemble(service: Service) -> Loop:
    """Wire one camera."""
    own = find_camera_settings(service.instance, service.settings)
    opener = Opener(own, service.settings.path.parent)
    parts = make_parts(own, service.settings.path.parent)
    feed = Feed(service.instance, opener, service.clock, parts)
    FrameServer(service.settings.camera_socket(service.instance), feed.answer)
    cycle = CameraCycle(service, own, feed)
    return Loop(cycle.cycle, lambda: cycle.every_s, media=True, finish=cycle.finish)


def make_parts(own: CameraSettings, directory: Path) -> Parts:
    """Gates, recordings, sub stream, mask and tamper check, as the section asks for them."""
    sub = replace(own, source=own.sub_source) if own.sub_source else None
    hardware = Hardware(own.hardware_decoding)
    return Parts(
        Motion(own.motion_masks, own.privacy_masks),
        new_group=partial(GroupOfPictures, make_decoder=hardware.make_decoder),
        hardware=hardware,
        recording=make_recording(own),
        open_sub=Opener(sub, directory) if sub else None,
        sub_recording=make_recording(own) if sub else None,
        privacy_mask=PrivacyMask(own.privacy_masks) if own.privacy_masks else None,
        tamper=Tamper() if own.check_view else None,
    )


def make_recording(own: CameraSettings) -> Recording | None:
    return Recording(own.clip_s + CLIP_REQUESTED_WITHIN_S) if own.clip_s else None


def leave_if_replaced(unit: str, settings: Settings, notifier: Notifier) -> None:
    """End this process well where PID 1 has started it as a unit that the settings no longer have:
    another one has its cameras.
    """
    reason = find_other_unit(unit, settings.camera)
    if reason and notifier.is_heard:
        print(f"camera: leaving: {reason}", file=sys.stderr)
        notifier.notify_ready()  # to PID 1 an end before that is a failure, after which it restarts
        sys.exit(0)


def run() -> None:
    """The camera of a unit of its own."""
    arguments = make_parser("camera", takes_instance=True).parse_args()
    with suppress(SettingsError):  # `main` finds and tells it
        settings = settings_file.load_settings(arguments.settings)
        if arguments.instance in settings.camera:
            leave_if_replaced(f"{CAMERA}{arguments.instance}", settings, Notifier())
    main("camera", assemble, takes_instance=True)


if __name__ == "__main__":
    run()
