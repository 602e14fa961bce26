"""The settings of cameras and inference: a part of appliance/settings.py.

Reads and writes: nothing; appliance/settings_file.py reads the file.
Never: holds a password; it stands in a file of its own, which `password_file` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.sections.field import setting


class Transport(Enum):
    """The transport protocol of an RTSP camera."""

    TCP = "tcp"
    UDP = "udp"


class HardwareDecoding(Enum):
    """What decodes a camera's pictures instead of the processor, by libav's name of it."""

    OFF = "off"
    AUTO = "auto"
    V4L2M2M = "v4l2m2m"
    VAAPI = "vaapi"
    QSV = "qsv"
    CUDA = "cuda"
    DRM = "drm"


class Direction(Enum):
    """Which crossings of a line count, seen in the direction from `start` to `end`."""

    BOTH = "both"
    TO_LEFT = "to-left"
    TO_RIGHT = "to-right"


Point = tuple[float, float]  # fractions of the picture's width and height, origin top left


Polygon = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """A part of the picture; the section is [camera.NAME.zone.ZONE], one for each."""

    polygon: Polygon = setting((), "Its corners, [x, y] in fractions of the picture, 3 or more")
    labels: tuple[str, ...] = setting((), "Labels that count; empty: all labels of [inference]")
    dwell_s: float = setting(
        0.0, "Seconds that an object must stay inside to make an event", 0, 86_400
    )
    count_from: int = setting(1, "Objects that must be inside at once to make an event", 1, 1000)
    classify: str = setting(
        "", "Classification model for a second look at what makes an event here; '' for none"
    )


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A line that objects may cross; the section is [camera.NAME.line.LINE], one for each."""

    start: Point = setting((0.0, 0.5), "One end, [x, y] in fractions of the picture")
    end: Point = setting((1.0, 0.5), "The other end")
    labels: tuple[str, ...] = setting((), "Labels that count; empty: all labels of [inference]")
    direction: Direction = setting(
        Direction.BOTH, "Which crossings count, seen in the direction from `start` to `end`"
    )


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera; the section is [camera.NAME], one for each. Where it has zones or lines,
    only those make events.

    A password never stands in a log, a row, a process list or on the page; it is best kept in a
    file of its own (`password_file`, mode 0640, group appliance).
    """

    source: str = setting(
        "",
        "Needed: rtsp:// or http:// (MJPEG) address, /dev/video* device, or a video file (looped)",
    )
    sub_source: str = setting(
        "",
        "Address of the camera's smaller stream (sub stream): motion is detected in it, and "
        "`source` is opened when something moves; '' for none",
    )
    user: str = setting("", "User name at the camera, where `source` does not hold it")
    password_file: Path | None = setting(
        None, "File with the camera's password in one line; without it, none"
    )
    tls_ca_file: Path | None = setting(
        None,
        "rtsps:// and https:// only: file (PEM) with the camera's certificate; without it nobody "
        "checks whom the unit talks to",
    )
    hardware_decoding: HardwareDecoding = setting(
        HardwareDecoding.OFF,
        "What decodes its pictures, if it is there and works; `auto`: the first that does",
    )
    transport: Transport = setting(Transport.TCP, "RTSP only: the transport protocol")
    allow_local: bool = setting(
        False,
        "Let `source`, `sub_source` and `onvif` point at this computer or at link-local addresses",
    )
    onvif: str = setting("", "http:// address of its ONVIF service, for motion alarms; '' for none")
    device_ids: tuple[str, ...] = setting(
        (),
        "What tells the camera apart (MAC address, serial number, ONVIF endpoint), as `unitctl "
        "cameras find` writes it: by it the camera is found again under a new address",
    )
    privacy_masks: tuple[Polygon, ...] = setting(
        (), "Parts of the picture that are blackened before it is analysed or stored"
    )
    motion_masks: tuple[Polygon, ...] = setting(
        (), "Parts of the picture in which motion is ignored"
    )
    check_view: bool = setting(
        True, "Report it when covered, moved, frozen or out of focus; false for one that turns"
    )
    clip_s: float = setting(
        0.0,
        "Length of the clip kept with an event, in s, as the camera sent it: heads are NOT blurred",
        0,
        60,
    )
    timelapse_min: float = setting(
        0.0, "Minutes between pictures of a time-lapse while surplus is available; 0: none", 0, 1440
    )
    model: str = setting("", "A model of its own for this camera; '' for the one of [inference]")
    zone: Mapping[str, ZoneSettings] = field(default_factory=dict)
    line: Mapping[str, LineSettings] = field(default_factory=dict)
    runs_from: EnergyLevel = setting(
        EnergyLevel.SENTINEL, "The lowest level at which it is on; `eco` or `full` for extra ones"
    )
    supply: str = setting(
        "",
        "The [switch.NAME] that feeds it, to be switched off and on where it gives nothing; '' for "
        "none",
    )
    listen_power_w: float = setting(2.0, "Power of the camera in LISTEN mode, W", 0, 500)
    watch_power_w: float = setting(
        3.0, "Power of the camera while its pictures are analysed, W", 0, 500
    )


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """What holds for one label; the section is [inference.label.LABEL], hyphens for spaces."""

    threshold: float | None = setting(
        None,
        "Least confidence of its detections; without it, that of [inference]",
        0.05,
        0.99,
    )


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    model: str = setting(
        "nanodet-g-416-int8", "Model: name or digest (`unitctl models` lists them), or a path"
    )
    threads: int = setting(1, "Threads of one ONNX Runtime session", 1, 64)
    threshold: float = setting(0.45, "Least confidence of a detection, 0 to 1", 0.05, 0.99)
    labels: tuple[str, ...] = setting(("person",), "What makes an event (COCO names)")
    full_frames_per_s: float = setting(5.0, "Most frames a second at FULL", 0.01, 100)
    eco_frames_per_s: float = setting(2.0, "Most frames a second at ECO", 0.01, 100)
    energy_per_frame_j: float = setting(
        0.5, "Energy to analyse one frame, J; used where there is no meter", 0.0001, 1000
    )
    event_after_frames: int = setting(3, "Detections of one object that make an event", 1, 100)
    event_ends_after_s: float = setting(
        2.0, "Seconds of video without a detection that end an event", 0.1, 600
    )
    burst_events: int = setting(
        20,
        "Events of one label and rule stored one by one within `burst_s`; others are merged",
        1,
        10_000,
    )
    burst_s: float = setting(600.0, "The time of `burst_events`, s", 1, 86_400)
    snapshots_keep_days: float = setting(
        30.0, "Age in days at which snapshots and clips are deleted", 0.1, 3650
    )
    snapshots_keep_mb: float = setting(
        2000.0, "Size of all of them in MB at which the oldest are deleted", 1, 1e6
    )
    timelapse_keep_days: float = setting(
        90.0, "Age in days at which pictures of time-lapses are deleted", 0.1, 3650
    )
    timelapse_keep_mb: float = setting(
        1000.0, "Size of all of them in MB at which the oldest are deleted", 1, 1e6
    )
    blur_heads: bool = setting(True, "Blur the heads of people in snapshots")
    sun_model: str = setting(
        "", "Model used while surplus is available, as in `model`; '' for none"
    )
    regions: bool = setting(
        True, "Analyse only the moving part of a picture where objects are then larger"
    )
    second_look: bool = setting(
        True, "Look again, smaller, where something large moves and nothing was found"
    )
    label: Mapping[str, LabelSettings] = field(default_factory=dict)
    licences: tuple[str, ...] = setting(
        ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause"), "Licences of models that may be used"
    )
