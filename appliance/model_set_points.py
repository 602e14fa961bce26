"""What a charge controller or a BMS is set to, and how it answers, as rows.

Reads and writes: nothing.
Never: holds a set-point or a figure that the device did not give; such a one is None or missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from appliance.model import Quality, Stamp
from appliance.wording.sentence import Said


@dataclass(frozen=True, slots=True)
class SetPoints:
    """The set-points of one device, in V of the whole battery, as they are set (at 25 C).

    `device` is its title ("charger main"), `battery_type` the kind of battery it is set to, in its
    maker's words; `cells` and `system_v` are what it believes of the battery.
    `loads_on_output`: loads are wired to its output, so that its low-voltage disconnect (LVD) turns
    them off until its reconnect voltage (LVR). `raises_lvd`: it moves the LVD up day by day until
    the battery is full again (BatteryLife). `equalizes`: it equalizes by itself, to `equalize_v`.
    `compensation_v_per_c` is added to absorption, float and equalization for each degree above
    25 C. `charge_from_c`, `charge_until_c`: it disables charging below and above. `uvp_v`,
    `ovp_v`: a BMS disconnects there. `floats` False: it has no float, only `recharge_v`, below
    which absorption begins anew. `over_voltage_v`: it stops charging there at once. `load_mode`:
    what moves its load output where no voltages of the user do.
    """

    stamp: Stamp
    device: str
    model: str
    absorption_v: float | None = None
    float_v: float | None = None
    equalize_v: float | None = None
    equalizes: bool | None = None
    compensation_v_per_c: float | None = None
    lvd_v: float | None = None
    lvr_v: float | None = None
    raises_lvd: bool | None = None
    loads_on_output: bool = False
    charge_from_c: float | None = None
    battery_type: str | None = None
    is_lithium: bool | None = None
    system_v: float | None = None
    cells: int | None = None
    uvp_v: float | None = None
    ovp_v: float | None = None
    floats: bool | None = None
    recharge_v: float | None = None
    over_voltage_v: float | None = None
    charge_until_c: float | None = None
    load_mode: str | None = None

    @classmethod
    def from_cells(
        cls,
        stamp: Stamp,
        device: str,
        *,
        cells: float | None,
        cell_uvp_v: float | None,
        cell_ovp_v: float | None,
        charge_from_c: float | None = None,
    ) -> "SetPoints | None":
        """Those of a BMS that is set by the voltage of one cell; None where one is not known."""
        if cells is None or cell_uvp_v is None or cell_ovp_v is None:
            return None
        return cls(
            stamp,
            device=device,
            model=device,
            cells=int(cells),
            uvp_v=round(cell_uvp_v * cells, 3),
            ovp_v=round(cell_ovp_v * cells, 3),
            charge_from_c=charge_from_c,
        )


SERIAL_NUMBER, KNOWN_SERIAL_NUMBER = "serial_number", "known_serial_number"  # words of a device


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How one charge controller or battery answers, and what it measured last.

    `device` is its title ("charger main"), `model` that of its profile. `polls` and `failed_polls`
    are counted since the power service began, `waits`: it is silent and asked less often. `error`:
    why it gives nothing now, "" while it answers; `last_error` the last one, also one that is over.
    `measured_at`: of the figures, None while there are none. `figures` and `words` by the names of
    the reading's fields, those only that it gives; in `words` also its serial number, and that of
    the one before while another answers in its place; `quality` and `ages_s` as in `PowerReading`.
    """

    stamp: Stamp
    device: str
    model: str
    polls: int
    failed_polls: int
    waits: bool = False
    error: Said = ""
    last_error: Said = ""
    last_error_at: datetime | None = None
    measured_at: datetime | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, Quality] = field(default_factory=dict)
    ages_s: Mapping[str, float] = field(default_factory=dict)
