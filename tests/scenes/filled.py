"""A unit in the middle of a good day, as rows: each stream has one row of now.

Reads: the clock that it is given. Writes: through the stores that it is given.
Never: more than one moment; tests that need a history write it themselves.
"""

from collections.abc import Callable
from datetime import timedelta

from appliance.errors import CameraError
from appliance.model import (
    BatteryAge,
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    EnvironmentReading,
    GpuReading,
    PowerReading,
    Quality,
    SolarDay,
    Stamp,
)
from appliance.model_cameras import (
    Box,
    CameraChange,
    CameraMode,
    CameraMotion,
    CameraState,
    CameraUsage,
    Event,
    InferencePlan,
    InferenceRun,
    Tier,
)
from appliance.store.store import Store

OpenAs = Callable[[str], Store]
DIGEST = "5b0c6e2f"
SECRET_URL = "rtsp://admin:hunter2@10.0.0.7/live"


def battery_age(now: Stamp) -> BatteryAge:
    """Forty cycles of the 200 Ah of the settings, a tenth of which is gone."""
    return BatteryAge(
        now,
        now.utc - timedelta(days=90),
        charged_ah=8100.0,
        discharged_ah=8000.0,
        since_full_s=3 * 86_400.0,
        capacity_ah=180.0,
        capacity_sigma_ah=6.0,
        capacity_at=now.utc - timedelta(days=3),
    )


def yesterday(now: Stamp) -> SolarDay:
    """A day with 3 kWh, two curtailed and four clear hours."""
    day = now.utc.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return SolarDay(
        now,
        day,
        2500.0,
        3600.0,
        {"12": 0.8},
        yield_wh=3000.0,
        curtailed_h=2.0,
        clear_hours=4.0,
        clear_hours_wh=1640.0,
        clear_hours_reference_wh=2000.0,
        noon_pv_v=30.0,
    )


def fill(open_as: OpenAs) -> None:
    """Write one row of now into every stream but the faults."""
    power, sensors, camera = open_as("power"), open_as("sensors"), open_as("camera")
    now = power.clock.stamp()
    power.add(reading(now), battery_state(now), budget(now), battery_age(now))
    open_as("plan").add(yesterday(now))
    sensors.add(
        GpuReading(now, "GPU 0", 8.5, 51.0, 20.0, 300_000_000),
        EnvironmentReading(
            now,
            "cpu-thermal",
            48.5,
            20_000_000_000,
            40.0,
            4_000_000_000,
            5.0,
            computer_power_measured=False,
        ),
    )
    camera.add(camera_state(now), change(now), motion(now))
    inference = open_as("inference")
    inference.add(
        InferencePlan(now, 5.0, Tier.INT8, "20 W are left for inference"),
        InferenceRun(
            now,
            60.0,
            300,
            2,
            0.04,
            energy_measured=False,
            power_w=2.5,
            provider="CPUExecutionProvider",
            model_digest=DIGEST,
        ),
        CameraUsage(
            now, "demo", 60.0, 290, 2, 0.03, energy_measured=False, power_w=1.8, tier=Tier.INT8
        ),
        event(now),
    )
    for store, name in (power, "power"), (sensors, "sensors"), (camera, "camera@demo"):
        store.publish_status(name, f"{name} works")
    inference.publish_status("inference", "looking at demo")


def break_camera(open_as: OpenAs) -> None:
    """The camera's cable is cut."""
    error = CameraError(f"{SECRET_URL} gives no picture; check the cable")
    open_as("camera").raise_fault("camera@demo", error)


def reading(now: Stamp, pv_power_w: float = 312.0, load_power_w: float = 11.0) -> PowerReading:
    bad = {"battery_temperature_c": Quality.IMPLAUSIBLE}
    return PowerReading(
        now, "EPEVER", pv_power_w, 38.2, 13.3, 20.5, 606.0, load_power_w, ChargeStage.BULK, 810, bad
    )


def battery_state(now: Stamp, state_of_charge_pct: float = 72.0) -> BatteryState:
    return BatteryState(
        now, state_of_charge_pct, 3.0, 1800, 2500, None, charge_blocked=False, method="counted"
    )


def budget(now: Stamp, level: EnergyLevel = EnergyLevel.FULL) -> EnergyBudget:
    until = now.utc + timedelta(minutes=3)
    return EnergyBudget(now, level, 25.0, until, 400.0, "69 % is above 60 %, the sun gives 312 W")


def camera_state(
    now: Stamp, name: str = "demo", mode: CameraMode = CameraMode.WATCH, power_w: float = 3.0
) -> CameraState:
    return CameraState(
        stamp=now,
        camera=name,
        mode=mode,
        power_w=power_w,
        frames_served=100,
        frames_skipped=900,
        reason="watching at 5 a second",
        duration_s=60.0,
        cpu_s=0.6,
        frames_decoded=120,
        gates="packets, key frames",
        stream="h264 1920x1080, 25 frames a second, 2100 kbit/s",
        lag_s=0.0,
        key_frame_s=10.0,
        frames_corrupt=2,
        decode_errors=1,
        advice="a key frame comes only every 10 s: set a key frame every 2 s in the camera",
    )


def change(
    now: Stamp, name: str = "demo", mode: CameraMode = CameraMode.WATCH, reason: str = "ECO"
) -> CameraChange:
    return CameraChange(now, name, mode, reason)


def motion(now: Stamp, name: str = "demo", looked: bool = True) -> CameraMotion:
    reason = "analysed" if looked else "not analysed: only packet sizes"
    return CameraMotion(now, name, now.utc + timedelta(seconds=8), "packets", 2.5, looked, reason)


def event(now: Stamp, event_id: str = "e1") -> Event:
    return Event(
        stamp=now,
        event_id=event_id,
        camera="demo",
        label="person",
        confidence=0.81,
        last_seen=now.utc,
        frames=12,
        box=Box(0.1, 0.2, 0.3, 0.9),
        snapshot="snapshots/2026-04-15/e1.jpg",
        model_digest=DIGEST,
        tier=Tier.INT8,
        provider="CPUExecutionProvider",
        threshold=0.45,
        energy_level=EnergyLevel.FULL,
        energy_j=6.0,
        energy_measured=False,
        reason="demo was watched at 5 frames a second",
    )
