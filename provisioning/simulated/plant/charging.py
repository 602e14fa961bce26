"""A maximum power point charge controller: its voltages, stages, and power flow.

Reads and writes: nothing; pure.
Never: charges a battery below 0 C (its temperature limit, register 9018, is set so); it then gives
the load what it needs and leaves the rest of the sun unused.
"""

from dataclasses import dataclass, replace
from functools import partial

from appliance.model import ChargeStage
from provisioning.simulated.plant.pack import COLD_LIMIT_C, OcvPoint, Pack

ABSORPTION_CELL_V, FLOAT_CELL_V, RECONNECT_CELL_V = 3.6, 3.4, 3.3
ABSORPTION_ENDS_S = 7200.0
TAIL_LASTS_S = 600.0  # so long the current is small before absorption ends
TAIL_SHARE = 0.02  # of the capacity, in A: C/50
EFFICIENCY = 0.97
NIGHT_W = 1.0  # panels that give less are dark to the controller
WAKE_W = 10.0  # spare sun that wakes a battery whose protection has disconnected
BULK_DROP_V = 0.4  # this far below it, a controller is back in bulk
SIZES_A = (10, 20, 30, 40, 60, 80, 100)  # of the Tracer family


@dataclass(frozen=True, slots=True)
class ChargingState:
    """The controller's state: its stage, for how long it has absorbed, and with a small current."""

    stage: ChargeStage = ChargeStage.OFF
    absorbed_s: float = 0.0
    tail_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One step's powers: sun in, load out, battery (+ in), losses, and the battery's terminals."""

    available_w: float
    pv_w: float
    load_w: float
    battery_v: float
    battery_a: float
    loss_w: float = 0.0
    at_limit: bool
    connected: bool

    @property
    def charge_w(self) -> float:
        """What the controller puts out, into battery and load."""
        return self.pv_w * EFFICIENCY

    @property
    def curtailed(self) -> bool:
        return self.available_w > NIGHT_W and self.pv_w < 0.99 * self.available_w


def choose_rated_a(peak_w: float, nominal_v: float) -> float:
    """The smallest size of the family that carries all of the panels, or its largest."""
    return next((size for size in SIZES_A if size >= peak_w / nominal_v), SIZES_A[-1])


def get_limit_v(stage: ChargeStage, pack: Pack) -> float:
    """The voltage that the controller does not exceed."""
    return pack.cells * (FLOAT_CELL_V if stage is ChargeStage.FLOAT else ABSORPTION_CELL_V)


def compute_flow(
    pack: Pack,
    charging: ChargingState,
    *,
    charge: float,
    temperature_c: float,
    available_w: float,
    wanted_w: float,
    rated_a: float,
    connected: bool,
    step_s: float,
) -> Flow:
    """The power flow of this step.

    `available_w`: what the panels could give; `wanted_w`: what the load wants; `connected`: whether
    the battery's protection was closed before.
    """
    at = pack.find_ocv(charge, temperature_c)
    out_w = min(available_w * EFFICIENCY, rated_a * at.ocv_v)
    alone = partial(
        compute_flow_without_battery, pack, charging, available_w=available_w, wanted_w=wanted_w
    )
    if not connected and out_w < wanted_w + WAKE_W:
        return alone(out_w=out_w)
    cold = temperature_c < COLD_LIMIT_C
    limit_v = get_limit_v(charging.stage, pack)
    most_w = compute_most_charge_w(pack, at, limit_v=limit_v, cold=cold, step_s=step_s)
    battery_w = min(out_w - wanted_w, max(-wanted_w, most_w))
    battery_a = pack.compute_current_a(battery_w, at)
    if battery_a is None or is_cut_off(pack, at, battery_a):
        return alone(out_w=out_w)
    at_limit = battery_w == most_w and not cold and available_w > NIGHT_W
    return Flow(
        available_w=available_w,
        pv_w=max(0.0, battery_w + wanted_w) / EFFICIENCY,
        load_w=wanted_w,
        battery_v=limit_v if at_limit else pack.compute_voltage_v(at, battery_a),
        battery_a=battery_a,
        loss_w=battery_a**2 * pack.get_ohm(at, charges=battery_a > 0),
        at_limit=at_limit,
        connected=True,
    )


def compute_most_charge_w(
    pack: Pack, at: OcvPoint, *, limit_v: float, cold: bool, step_s: float
) -> float:
    """The most that may flow into the battery; negative where it must give to stay at the limit."""
    limit_a = pack.compute_limit_current_a(at, limit_v=limit_v, step_s=step_s)
    top_a = min(0.0, limit_a) if cold else limit_a
    return top_a * pack.compute_voltage_v(at, top_a)


def is_cut_off(pack: Pack, at: OcvPoint, battery_a: float) -> bool:
    """Whether this current pulls the battery so low that its protection opens."""
    return battery_a < 0 and pack.compute_voltage_v(at, battery_a) < pack.cut_off_v


def compute_flow_without_battery(
    pack: Pack, charging: ChargingState, *, available_w: float, out_w: float, wanted_w: float
) -> Flow:
    """The battery's protection has opened: the load gets the PV power if it suffices, or
    nothing.
    """
    load_w = wanted_w if out_w >= wanted_w else 0.0
    battery_v = get_limit_v(charging.stage, pack) if out_w > NIGHT_W else 0.0
    return Flow(
        available_w=available_w,
        pv_w=load_w / EFFICIENCY,
        load_w=load_w,
        battery_v=battery_v,
        battery_a=0.0,
        at_limit=False,
        connected=False,
    )


def update_charging(charging: ChargingState, pack: Pack, now: Flow, step_s: float) -> ChargingState:
    """The stage after this step: off at night, bulk, absorption at the limit, float when full."""
    if now.available_w < NIGHT_W:
        return ChargingState()
    if charging.stage in (ChargeStage.OFF, ChargeStage.BULK):
        return ChargingState(ChargeStage.ABSORPTION if now.at_limit else ChargeStage.BULK)
    if charging.stage is ChargeStage.ABSORPTION:
        return leave_absorption(charging, pack, now, step_s)
    low = now.battery_v < RECONNECT_CELL_V * pack.cells
    return ChargingState(ChargeStage.BULK) if low else charging


def leave_absorption(
    charging: ChargingState, pack: Pack, now: Flow, step_s: float
) -> ChargingState:
    """Absorption ends after ten minutes of tail current, or after two hours; it falls back with
    the voltage.
    """
    if now.battery_v < get_limit_v(charging.stage, pack) - BULK_DROP_V:
        return ChargingState(ChargeStage.BULK)
    absorbed_s = charging.absorbed_s + step_s
    is_tail = now.at_limit and now.battery_a < TAIL_SHARE * pack.capacity_ah
    tail_s = charging.tail_s + step_s if is_tail else 0.0
    if tail_s >= TAIL_LASTS_S or absorbed_s >= ABSORPTION_ENDS_S:
        return ChargingState(ChargeStage.FLOAT)
    return replace(charging, absorbed_s=absorbed_s, tail_s=tail_s)
