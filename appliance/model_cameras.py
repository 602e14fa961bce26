"""The rows and values of cameras, inference and events: one frozen dataclass for each.

Reads and writes: nothing. These are rows (appliance/store/tables.py says who writes which) and
values. What all parts of the unit share, and energy, is in appliance/model.py.
Never: computes, defaults an unknown to 0, or holds a quantity without its unit in its name.

Boxes are fractions of the picture's width and height, origin top left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from appliance.model import EnergyLevel, Stamp
from appliance.wording.sentence import Said


class CameraMode(Enum):
    """What a camera process spends, from nothing upwards (sensors/camera/mode.py has the rule).

    OFF: not connected. LISTEN: packets are received, nothing is decoded. PROBE: some key frames are
    decoded, small, to check for motion. WATCH: pictures with motion are given to the process that
    requests them. ACTIVE: an object is tracked, every picture that is requested is given.
    """

    OFF = "off"
    LISTEN = "listen"
    PROBE = "probe"
    WATCH = "watch"
    ACTIVE = "active"


class Tier(Enum):
    """How a frame is analysed.

    REGION: the small model, on the moving part of the picture only. INT8: the small model, on all
    of it. FP32: the exact model, while surplus is available. USER: the owner's own model of
    that camera.
    """

    NONE = "none"
    REGION = "region"
    INT8 = "int8"
    FP32 = "fp32"
    USER = "user"


@dataclass(frozen=True, slots=True)
class CameraState:
    """What one camera process does now and what that costs.

    `power_w` is the camera's own draw and its process' share of the computer together;
    `power_measured` False: by the settings. `cpu_s` is what the process has used since the row
    before, in `duration_s`. `gates` says in words what wakes it. `stream` describes the video
    received, such as "h264 1920x1080, 25 frames a second, 2100 kbit/s"; None where nothing is
    received. `lag_s`: how far it is behind the camera; `key_frame_s`: the time between key frames;
    None where it is not known. `frames_corrupt` and `decode_errors` are counted since the process
    began. `advice` says what is wrong with the stream and what to do.
    """

    stamp: Stamp
    camera: str
    mode: CameraMode
    power_w: float
    frames_served: int
    frames_skipped: int
    reason: Said
    power_measured: bool = False
    duration_s: float | None = None
    cpu_s: float | None = None
    frames_decoded: int | None = None
    gates: Said = ""
    stream: str | None = None
    lag_s: float | None = None
    key_frame_s: float | None = None
    frames_corrupt: int | None = None
    decode_errors: int | None = None
    advice: Said = ""


@dataclass(frozen=True, slots=True)
class CameraChange:
    """A camera changed its mode, and why: what `unitctl cameras why` answers from."""

    stamp: Stamp
    camera: str
    mode: CameraMode
    reason: Said


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """One motion segment of a camera, written when it has ended; one that lasts longer than ten
    minutes is written in parts, while it lasts.

    `woken_by` is what detected it first: "packets", "key frames", "onvif motion", .... `score` is
    how clearly (1: at the threshold). `looked` says whether pictures of it were analysed; `reason`
    says why not.
    """

    stamp: Stamp
    camera: str
    ended: datetime
    woken_by: str
    score: float
    looked: bool
    reason: Said


@dataclass(frozen=True, slots=True)
class CameraHint:
    """A motion alarm from outside, begun or ended: a camera's ONVIF alarm, a PIR sensor."""

    stamp: Stamp
    camera: str
    source: str
    active: bool


class HoldKind(Enum):
    """What a person took from a camera.

    OFF: it is not connected. PAUSE: it is connected, nothing is analysed, there are no events.
    MUTE: events are stored, and nobody is told of them.
    """

    OFF = "off"
    PAUSE = "paused"
    MUTE = "muted"


@dataclass(frozen=True, slots=True)
class CameraHold:
    """One order of a person: a hold begins (`holds`), or ends before its time.

    `camera` "" means all. `lasts_s` is how long, None: until further notice. `until` is the moment
    that the person named, None where a duration was named. `who` ordered it, `via` what: "unitctl",
    or the topic of a message. (appliance/store/camera_holds.py says which one is in force.)
    """

    stamp: Stamp
    camera: str
    kind: HoldKind
    holds: bool
    lasts_s: float | None
    until: datetime | None
    who: str
    via: str
    reason: str


class Watching(Enum):
    """Whether a camera was watched, and why not. The last four are found later, from what is
    missing: a process that is not there writes nothing.
    """

    WATCHED = "watched"
    LISTENED = "listened"  # motion is noticed, nothing is analysed: the level is SENTINEL
    ENERGY = "energy"
    OFF = "off"
    PAUSED = "paused"
    DEAD = "dead"  # it gives no pictures
    BLIND = "blind"  # its pictures show nothing: covered, moved, frozen, out of focus
    NOT_ASKED = "inference"  # nobody asks for its pictures
    ASLEEP = "asleep"
    UNIT_OFF = "unit off"
    GONE = "process gone"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """Whether a camera was watched in the `duration_s` before `stamp`, and why, as its own process
    knows it.
    """

    stamp: Stamp
    camera: str
    watching: Watching
    duration_s: float
    reason: Said


@dataclass(frozen=True, slots=True)
class EventBegun:
    """Something has become an event and is still there: what switches a siren or a lamp on. The
    `Event` row comes when it is over.
    """

    stamp: Stamp
    event_id: str
    camera: str
    label: str
    rule: str


@dataclass(frozen=True, slots=True)
class SwitchOrder:
    """A switch was ordered on (`runs`) or off: by the level, for an event, or as the supply of a
    camera that gives nothing; or an event asked for it and it stays off, and why.
    """

    stamp: Stamp
    switch: str
    runs: bool
    reason: Said
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class CameraUsage:
    """What analysing one camera's pictures cost the inference process since the row before.

    `energy_wh` covers detection and tracking; measured where a meter exists, else modelled.
    `power_w` is its mean over `duration_s`.
    """

    stamp: Stamp
    camera: str
    duration_s: float
    frames: int
    frames_skipped: int
    energy_wh: float
    energy_measured: bool
    power_w: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions (0 to 1) of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in one frame; `confidence` is 0 to 1."""

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class InferencePlan:
    """What the inference process does until the next budget, and why."""

    stamp: Stamp
    frames_per_s: float
    tier: Tier
    reason: Said


@dataclass(frozen=True, slots=True)
class InferenceRun:
    """What the inference process did since its last row. `power_w` is its mean draw over that time.

    `provider` is the one that ONNX Runtime really used. `energy_measured` False: modelled from the
    settings' energy per frame.
    """

    stamp: Stamp
    duration_s: float
    frames: int
    frames_skipped: int
    energy_wh: float
    energy_measured: bool
    power_w: float
    provider: str
    model_digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """An object that was present long enough, or met a rule: the product's result. Durable when
    stored.

    `stamp` is when it was first seen, or when it crossed the line that made it one. `snapshot` is a
    path below the data directory, or None.
    `energy_j` is what analysing it cost, `energy_measured` whether that was measured or modelled.
    `rule` is the zone, line or count that made it one, "" where being there was enough. `scores`
    holds first, mean and best confidence. `drops` are frames that came while it was there and were
    not analysed. `woken_by` is what detected it first. `clip` is like `snapshot`. `stream` is the
    stream of the camera that the snapshot is of, "main" or "sub"; "" where it has only one.
    `sub_label` is the class that the zone's own model gives it, with `sub_confidence`; "" where no
    such model looked, or it failed. `zone` is the name of the zone or line in `rule`, ""
    without one.
    """

    stamp: Stamp
    event_id: str
    camera: str
    label: str
    confidence: float
    last_seen: datetime
    frames: int
    box: Box
    snapshot: str | None
    model_digest: str
    tier: Tier
    provider: str
    threshold: float
    energy_level: EnergyLevel
    energy_j: float
    energy_measured: bool
    reason: Said
    rule: str = ""
    clip: str | None = None
    woken_by: str = ""
    drops: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    stream: str = ""
    sub_label: str = ""
    sub_confidence: float | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class EventErasure:
    """A person's order to erase events, stored in the transaction that erased their rows.

    `via` is what the order came by, such as "page". `remaining` names, as JSON, what is still to be
    deleted: files below the data directory, and alarms whose pictures wait for a channel; None once
    all is gone, at `ended`. It names no event then.
    """

    stamp: Stamp
    who: str
    via: str
    events: int
    remaining: str | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class CameraEnergy:
    """What a camera and its part of inference have used, counted up to `stamp`; it only rises."""

    stamp: Stamp
    camera: str
    energy_wh: float
