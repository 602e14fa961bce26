"""The controller's own energy counters and extremes, which begin again at local midnight.

Reads and writes: nothing; fed by the plant.
Never: smooths the jump at midnight; a driver must handle it, as in the field.
"""

from datetime import date

PERIODS = ("today", "month", "year", "total")


class Counters:
    """Energy by period in Wh, and the day's voltage extremes."""

    def __init__(self, day: date) -> None:
        self._day = day
        self.generated_wh = dict.fromkeys(PERIODS, 0.0)
        self.consumed_wh = dict.fromkeys(PERIODS, 0.0)
        self.battery_v: list[float] = []
        self.pv_v: list[float] = []

    def count(
        self, day: date, *, pv_wh: float, load_wh: float, battery_v: float, pv_v: float
    ) -> None:
        """Add one step that ended on the local day `day`."""
        self._reset(day)
        for period in PERIODS:
            self.generated_wh[period] += pv_wh
            self.consumed_wh[period] += load_wh
        self.battery_v = widen(self.battery_v, battery_v)
        self.pv_v = widen(self.pv_v, pv_v)

    def _reset(self, day: date) -> None:
        over = []
        if day != self._day:
            over.append("today")
            self.battery_v, self.pv_v = [], []
        if (day.year, day.month) != (self._day.year, self._day.month):
            over.append("month")
        if day.year != self._day.year:
            over.append("year")
        for period in over:
            self.generated_wh[period] = self.consumed_wh[period] = 0.0
        self._day = day


def widen(known: list[float], value: float) -> list[float]:
    """[lowest, highest] with one more value."""
    return [min([*known, value]), max([*known, value])]
