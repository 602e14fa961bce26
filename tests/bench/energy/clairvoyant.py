"""What could have been done at best by one who knows the sun and the cold of the whole year.

Reads and writes: nothing; pure.
Never: sees more than the plant does. Its choices are played through the plant's own step, and only
what they earn there counts, so that the figure can be reached.

Value iteration backward on a grid of charges, three values each: awake, asleep (the computer must
boot before the next work) and cut (the battery's protection is open). The plant's rules in it:

    sun, losses, C/2, cold block   plant.steps itself moves each charge of the grid
    hidden capacity                a draw that would go below the floor of its step cuts
    a cut                          earns nothing until the charge is back, and costs `CUT_COSTS_H`
                                   in the choice (not in the figure): a disconnect never pays
    boot                           `boot_wh` is taken before the first work after HIBERNATE
    the end of the year            the same year follows: what is left at the end has its value
    the end of some weeks          what follows them in that year gives what is left its value
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tests.bench.energy import plant
from tests.bench.energy.cases import WEEK_STEPS, Case
from tests.bench.energy.weather import Floats

Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]

POINTS = 481  # of the grid: 5 Wh apart in R1; 1281 earn 0.005 % more
CUT_COSTS_H = (
    24.0  # in hours of everything: more than the value of the charge that a cut would save
)
NEXT_YEAR_STEPS = 90 * 96  # of the year after that count; by then the battery was full
REST = 0  # the option that hibernates; all others need the computer
AWAKE, ASLEEP, CUT = 0, 1, 2


class World(NamedTuple):
    """All that there is to know: sun and cold of each step, and what can be chosen in it."""

    sun_w: Floats
    cold: Bools
    floor_wh: Floats  # below it the protection cuts
    back_wh: Floats  # from it on it lets go
    power_w: Floats  # of each option
    utility: Floats  # per hour
    boot_wh: float
    capacity_wh: float

    def part(self, first: int, last: int) -> "World":
        """The steps from `first` up to `last`."""
        cut = slice(first, last)
        return self._replace(
            sun_w=self.sun_w[cut],
            cold=self.cold[cut],
            floor_wh=self.floor_wh[cut],
            back_wh=self.back_wh[cut],
        )


class Optimum(NamedTuple):
    """For each step: the option, the utility that it earned (hours), the charge after it, cuts.

    `week_values[week, awake or asleep, charge]`: utility still to come (hours) at the start of each
    whole week and at the end of the last, by charge from empty to full in equal steps; `end_values`
    the same after the last step.
    """

    choices: NDArray[np.int64]
    utility: Floats
    charge_wh: Floats
    cut: Bools
    week_values: Singles
    end_values: Singles


class Moves(NamedTuple):
    """How far each option moves the charge in each step, full batteries aside; then the same for
    nothing drawn at all. In Wh, and as whole points of the grid and the part of one.

    `cuts`: so many points at the bottom of the grid fall below the floor with that option.
    """

    wh: Floats
    whole: NDArray[np.int64]
    part: Floats
    cuts: NDArray[np.int64]


def find_optimum(case: Case, start_pct: float, points: int = POINTS) -> Optimum:
    """The optimum of the case, begun awake at that charge."""
    world = make_world(case)
    following = make_world(case.find_following(NEXT_YEAR_STEPS // 96))
    later = compute_values(following, np.zeros((2, points)))
    kept = compute_values(world, later[0].astype(float))
    return play_choices(world, kept, start_pct / 100 * world.capacity_wh)


def compute_value(values: Singles, charge_pct: float, *, awake: bool) -> float:
    """Utility still to come (hours) at a charge, by the values of one moment."""
    grid_pct = np.linspace(0, 100, values.shape[1])
    return float(np.interp(charge_pct, grid_pct, values[AWAKE if awake else ASLEEP]))


def make_world(case: Case) -> World:
    """The case's year."""
    capacity_wh = case.settings.battery.capacity_wh
    hidden = plant.hidden_wh(case.battery_c, capacity_wh)
    return World(
        case.sun_w,
        case.battery_c < 0,
        hidden + plant.CUT_SHARE * capacity_wh,
        hidden + (plant.CUT_SHARE + plant.BACK_SHARE) * capacity_wh,
        np.array([option.power_w for option in case.choices]),
        np.array([option.utility for option in case.choices]),
        plant.boot_wh(case),
        capacity_wh,
    )


def compute_moves(world: World, points: int) -> Moves:
    """What the plant does with each option in each step."""
    draws_w = np.append(world.power_w, 0.0)
    sun_w: Any = world.sun_w[:, None]  # all steps at once
    warm, cold = (
        plant.steps(np.zeros(1), sun_w, draws_w, frozen, world.capacity_wh)
        for frozen in (False, True)
    )
    wh = np.where(world.cold[:, None], cold, warm)
    apart_wh = world.capacity_wh / (points - 1)
    whole = np.floor(wh / apart_wh).astype(np.int64)
    lowest_wh = np.where(wh < 0, world.floor_wh[:, None] - wh, 0.0)
    cuts = np.ceil(lowest_wh / apart_wh).astype(np.int64)
    return Moves(wh, whole, wh / apart_wh - whole, cuts)


def compute_values(world: World, ending: Floats) -> Singles:
    """The value: utility (hours) still to come, by step, by (awake, asleep), by charge.

    `ending` holds the same for after the last step; its width is the grid.
    """
    steps = len(world.sun_w)
    sweep = Sweep(world, ending)
    kept = np.empty((steps + 1, *ending.shape), dtype=np.float32)
    kept[steps] = ending
    for step in range(steps - 1, -1, -1):
        kept[step] = sweep.back(step)
    return kept


class Sweep:
    """The values of one moment, and the step back to the moment before.

    An option moves all charges by the same distance: its values are those of later, shifted. Below
    the grid stands an empty battery (which has cut), above it a full one.
    """

    def __init__(self, world: World, ending: Floats) -> None:
        points, self._options = ending.shape[1], len(world.utility)
        apart_wh = world.capacity_wh / (points - 1)
        moves = compute_moves(world, points)
        self._down = max(0, -int(moves.whole.min()))
        self._later = np.zeros((3, self._down + points + int(moves.whole.max()) + 1))
        self._grid = self._later[:, self._down : self._down + points]
        self._grid[:2], self._grid[CUT] = ending, ending[ASLEEP]
        self._windows = sliding_window_view(self._later.ravel(), points + 1)
        # Row by row: the options (REST leads to asleep), then nothing drawn, asleep and cut.
        mode = np.array([ASLEEP, *[AWAKE] * (self._options - 1), ASLEEP, CUT])
        row = np.array([*range(self._options), self._options, self._options])
        self._places = moves.whole[:, row] + self._down + mode * self._later.shape[1]
        self._parts = moves.part[:, row, None]
        self._utility = np.array([*world.utility, 0.0, 0.0])[:, None] * plant.HOURS
        self._come = np.empty((self._options + 2, points))
        self._place = np.arange(points)
        self._cuts, self._most = moves.cuts, moves.cuts.max(axis=1)
        self._floor = np.minimum(world.floor_wh / apart_wh, points - 1).astype(np.int64)
        self._back = np.ceil((world.back_wh - moves.wh[:, -1]) / apart_wh).astype(np.int64)
        boot = self._place - world.boot_wh / apart_wh
        self._boot = np.clip(np.floor(boot), 0, points - 2).astype(np.int64)
        self._boot_part = np.clip(boot - self._boot, 0, 1)

    def back(self, step: int) -> Floats:
        """The values (awake, asleep) at the start of `step` from those at its end."""
        come, grid, options = self._come, self._grid, self._options
        self._later[:, : self._down] = grid[:, :1]
        self._later[:, self._down + grid.shape[1] :] = grid[:, -1:]
        around = self._windows[self._places[step]]
        np.subtract(around[:, 1:], around[:, :-1], out=come)
        come *= self._parts[step]
        come += around[:, :-1]
        come += self._utility
        self._cut(step)
        come[:options].max(axis=0, out=grid[AWAKE])
        booted = grid[AWAKE, self._boot]
        booted += self._boot_part * (grid[AWAKE, self._boot + 1] - booted)
        np.maximum(booted, come[REST], out=grid[ASLEEP])
        grid[CUT] = come[options + 1]
        grid[CUT, self._back[step] :] = come[options, self._back[step] :]
        return grid[:2]

    def _cut(self, step: int) -> None:
        """Where an option would go below the floor, its value is that of a cut."""
        most = int(self._most[step])
        if most:
            place = self._place[:most]
            held = self._grid[CUT, np.minimum(place, self._floor[step])] - CUT_COSTS_H
            cut = place < self._cuts[step, : self._options, None]
            np.copyto(self._come[: self._options, :most], held, where=cut)


def play_choices(world: World, kept: Singles, charge_wh: float) -> Optimum:
    """Play the best choices on the plant, step by step."""
    steps = len(world.sun_w)
    choices, earned = np.zeros(steps, dtype=np.int64), np.zeros(steps)
    charges, cut = np.zeros(steps), np.zeros(steps, dtype=bool)
    grid_wh = np.linspace(0, world.capacity_wh, kept.shape[2])
    moved_wh = compute_moves(world, kept.shape[2]).wh[:, :-1]
    asleep = is_cut = False
    for step in range(steps):
        choice, draw_w = REST, 0.0
        if not is_cut:
            after_wh = np.minimum(charge_wh + moved_wh[step], world.capacity_wh)
            if asleep:
                after_wh[1:] -= world.boot_wh
            fails = (after_wh < world.floor_wh[step]) & (moved_wh[step] < 0)
            choice = choose_option(world.utility, after_wh, fails, grid_wh, kept[step + 1])
            draw_w = world.power_w[choice]
            charge_wh -= world.boot_wh if asleep and choice != REST else 0.0
        result = plant.step(
            charge_wh,
            sun_w=world.sun_w[step],
            draw_w=draw_w,
            cold=bool(world.cold[step]),
            floor_wh=world.floor_wh[step],
            capacity_wh=world.capacity_wh,
        )
        charge_wh, cut[step] = result.charge_wh, result.cut
        earned[step] = world.utility[choice] * plant.HOURS  # REST, where all else would cut: 0
        is_cut = result.cut or (is_cut and charge_wh < world.back_wh[step])
        asleep = choice == REST or result.cut
        choices[step], charges[step] = choice, charge_wh
    weeks = kept[::WEEK_STEPS][: steps // WEEK_STEPS + 1]
    return Optimum(choices, earned, charges, cut, weeks.copy(), kept[steps].copy())


def choose_option(
    utility: Floats, after_wh: Floats, fails: Bools, grid_wh: Floats, later: Singles
) -> int:
    """The option with the highest value: its own utility, and what is left for later at its
    charge.
    """
    left = np.interp(after_wh, grid_wh, later[AWAKE])
    left[REST] = np.interp(after_wh[REST], grid_wh, later[ASLEEP])
    left += utility * plant.HOURS
    left[fails] = -np.inf
    return int(left.argmax())
