"""How well the gates tell that somebody walks, and what they cost, on made clips with known truth.

Reads: clips from tests/scenes/clips.py (made where needed). Writes: nothing; `measure` returns
figures.
Never: judges on what was tuned on. Constants were chosen on the scenes of `TUNED` (walkers 0 and 3,
a key frame every 2 s, seed 1); the table is of `judged()`: other walkers, sizes, times, seeds,
frame rates and distances of key frames, and clips without anybody.

`python -m tests.bench.cameras.gates [--quick]` prints the table.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import av

from sensors.camera.gates.motion import Motion
from sensors.camera.gates.packet_gate import PacketGate
from sensors.camera.gates.picture_gate import PictureGate
from sensors.camera.pictures.encoding import to_grey
from tests.bench.report import quick as parsed_quick
from tests.scenes.clips import CBR, Scene, SceneClip, Walk, load_clip
from tests.sensors.camera.gates.gate_runs import Run, find_delays, list_false_segments, play

LEARNT_S = 5.0  # packets before this are no part of the AUC
ZERO = ("tune", "zerolatency")
CONSTANT = (*CBR.items(), ("bufsize", "700000"), ZERO)
TUNED = Scene("tuned", walks=(Walk(12, 20, 0), Walk(26, 34, 3, from_left=False, feet=0.5)))
JUDGED = Scene(
    "variable-rate",
    seconds=70,
    walks=(
        Walk(10, 16, 1, from_left=False),
        Walk(22, 30, 4, feet=0.8),
        Walk(37, 41, 5, feet=0.5, size=0.8),
        Walk(48, 62, 2, from_left=False, feet=0.7, size=0.7),
    ),
    seed=7,
)
NOBODY = Scene("nobody", seconds=300, seed=9)


def list_judged_scenes() -> list[Scene]:
    """What the figures are of."""
    b_frames = (("crf", "25"), ("bf", "2"))
    small = tuple(replace(walk, size=0.45, feet=0.35) for walk in JUDGED.walks)
    return [
        JUDGED,
        replace(JUDGED, name="key frame each s", key_every=10, seed=8),
        replace(JUDGED, name="key frame each 5 s", key_every=50, seed=9),
        replace(JUDGED, name="25 frames a second", frames_per_s=25, key_every=50, seed=10),
        replace(JUDGED, name="B-frames", options=b_frames, key_every=30, seed=11),
        replace(JUDGED, name="H.265", codec="libx265", options=(("crf", "28"), ZERO), seed=12),
        replace(JUDGED, name="far away", walks=small, seed=13),
        replace(JUDGED, name="constant rate", options=CONSTANT, seed=14),
        replace(JUDGED, name="some noise", noise=2.5, seed=15),
        replace(JUDGED, name="night", noise=10, light=0.4, seed=16),
        replace(
            JUDGED, name="night, constant rate", noise=10, light=0.4, options=CONSTANT, seed=17
        ),
        replace(JUDGED, name="rain", rain=100, seed=18),
        replace(JUDGED, name="tree", tree=5, seed=19),
        replace(JUDGED, name="lamp", lamp_at_s=33, seed=20),
        replace(JUDGED, name="dawn", dawn=True, seed=21),
    ]


def make_empty_scene(short: bool) -> list[Scene]:
    """Clips in which nothing may wake."""
    nobody = replace(NOBODY, seconds=60) if short else NOBODY
    return [
        nobody,
        replace(nobody, name="nobody, B-frames", options=(("crf", "25"), ("bf", "2")), seed=22),
        replace(nobody, name="nobody, night", noise=10, light=0.4, seed=23),
        replace(nobody, name="nobody, rain", rain=100, seed=24),
        replace(nobody, name="nobody, tree", tree=5, seed=25),
        replace(nobody, name="nobody, lamp", lamp_at_s=33, seed=26),
        replace(nobody, name="nobody, dawn", dawn=True, seed=27),
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One clip's figures: by packets alone, with key frames, and where somebody pulls as well."""

    name: str
    minutes: float
    auc: float | None
    trusted_share: float
    events: int
    heard: int
    probed: int
    pulled: int
    delays_s: tuple[float, ...]
    false_heard: int
    false_probed: int
    false_pulled: int
    key_looks: int
    gates: str


def compute_auc(clip: SceneClip) -> float | None:
    """Area under the curve of gate 0's sum per packet against the truth; a tie counts half."""
    gate = PacketGate()
    moving: list[float] = []
    still: list[float] = []
    for media_s, size_bytes, is_key in clip.packets:
        value = gate.take_packet(media_s, size_bytes, is_key)
        if not is_key and media_s > LEARNT_S:
            (moving if clip.is_true(media_s) else still).append(value)
    if not moving or not still:
        return None
    still.sort()
    ranks = (bisect_left(still, value) + bisect_right(still, value) for value in moving)
    return sum(ranks) / 2 / len(still) / len(moving)


def make_row(scene: Scene) -> Row:
    clip = load_clip(scene)
    heard = play(clip, Motion(), probes=False)
    probed = play(clip, Motion())
    pulled = play(clip, Motion(), requests=True)
    delays = find_delays(clip.truth, pulled.segments)
    return Row(
        name=scene.name,
        minutes=scene.seconds / 60,
        auc=compute_auc(clip),
        trusted_share=sum(tell for _, tell in probed.trusted) / len(probed.trusted),
        events=len(clip.truth),
        heard=count(clip, heard),
        probed=count(clip, probed),
        pulled=count(clip, pulled),
        delays_s=tuple(delay for delay in delays if delay is not None),
        false_heard=len(list_false_segments(clip.truth, heard.segments)),
        false_probed=len(list_false_segments(clip.truth, probed.segments)),
        false_pulled=len(list_false_segments(clip.truth, pulled.segments)),
        key_looks=probed.key_pictures,
        gates=probed.gates,
    )


def count(clip: SceneClip, run: Run) -> int:
    return sum(delay is not None for delay in find_delays(clip.truth, run.segments))


# --- what it costs -------------------------------------------------------------------------------


def measure_cpu_s(work: Callable[[], Any]) -> float:
    begin_s = time.process_time()
    work()
    return time.process_time() - begin_s


def measure_packet_us(clip: SceneClip) -> float:
    """CPU microseconds a packet through `Motion.hear`, best of five rounds."""

    def round_of_it() -> None:
        motion = Motion()
        for packet in clip.packets:
            motion.take_packet(*packet)

    return min(measure_cpu_s(round_of_it) for _ in range(5)) / len(clip.packets) * 1e6


def measure_picture_ms(clip: SceneClip) -> float:
    """CPU milliseconds a look, best of five rounds."""
    greys = [bytes(one.tobytes()) for one in clip.greys[::4]]

    def round_of_it() -> None:
        gate = PictureGate()
        for number, one in enumerate(greys):
            gate.compare(one, number * 0.4)

    return min(measure_cpu_s(round_of_it) for _ in range(5)) / len(greys) * 1e3


def measure_decoding_ms(clip: SceneClip) -> tuple[float, float]:
    """CPU milliseconds to decode a frame of all, and a key frame alone and make it small."""

    def decode(keys_only: bool) -> int:
        frames = 0
        with av.open(str(clip.path)) as container:
            context = container.streams.video[0].codec_context
            context.thread_count = 1
            if keys_only:
                context.skip_frame = "NONKEY"
            for frame in container.decode(video=0):
                frames += 1
                if keys_only:
                    to_grey(frame)
        return frames

    all_frames, keys = decode(keys_only=False), decode(keys_only=True)
    return (
        min(measure_cpu_s(lambda: decode(keys_only=False)) for _ in range(3)) / all_frames * 1e3,
        min(measure_cpu_s(lambda: decode(keys_only=True)) for _ in range(3)) / keys * 1e3,
    )


def measure(quick: bool) -> dict[str, Any]:
    """All figures; `rows` is the table. Quick: the empty clips are of one minute, not of five."""
    rows = [make_row(scene) for scene in list_judged_scenes()]
    nobody = [make_row(scene) for scene in make_empty_scene(quick)]
    clip = load_clip(JUDGED)
    decoded_ms, key_ms = measure_decoding_ms(clip)
    trusted = [row for row in rows if row.trusted_share > 0.5]
    deaf = [row for row in rows if row.trusted_share <= 0.5]
    hours = sum(row.minutes for row in nobody) / 60
    return {
        "rows": rows + nobody,
        "recall_pulled": compute_recall(rows),
        "recall_pulled_trusted": compute_recall(trusted),
        "recall_pulled_deaf": compute_recall(deaf),
        "delay_p95_trusted_s": compute_p95([delay for row in trusted for delay in row.delays_s]),
        "delay_p95_deaf_s": compute_p95([delay for row in deaf for delay in row.delays_s]),
        "false_heard_per_h": sum(row.false_heard for row in nobody) / hours,
        "false_pulled_per_h": sum(row.false_pulled for row in nobody) / hours,
        "packet_us": measure_packet_us(clip),
        "look_ms": measure_picture_ms(clip),
        "decode_ms": decoded_ms,
        "key_frame_ms": key_ms,
    }


def compute_recall(rows: list[Row]) -> float:
    return sum(row.pulled for row in rows) / max(1, sum(row.events for row in rows))


def compute_p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))] if values else 0.0


def format_table(rows: list[Row]) -> str:
    """For people. Found: by packets alone / with key frames / where somebody pulls as well."""
    lines = [f"{'clip':<22}{'min':>5}{'AUC':>7}{'trust':>7}{'found':>12}{'false':>9}  delays, s"]
    for row in rows:
        auc = "-" if row.auc is None else f"{row.auc:.3f}"
        found_text = f"{row.heard}/{row.probed}/{row.pulled} of {row.events}"
        false_text = f"{row.false_heard}/{row.false_probed}/{row.false_pulled}"
        delays = " ".join(f"{delay:.1f}" for delay in row.delays_s)
        lines.append(
            f"{row.name:<22}{row.minutes:>5.1f}{auc:>7}{row.trusted_share:>7.2f}"
            f"{found_text:>12}{false_text:>9}  {delays:<18} {row.gates}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    result = measure(parsed_quick("gates"))
    print(format_table(result.pop("rows")))
    for name, value in result.items():
        print(f"{name:<24}{value:>10.3f}")
