"""A PID 1 that takes orders, refuses those that it is set to refuse, or does not answer."""

from dataclasses import dataclass, field

from appliance.errors import HostError
from appliance.process.host import Order


class FakeOrder(Order):
    """An order that is over at once, or never: `hangs`."""

    def __init__(self, words: str, *, refused: bool = False, hangs: bool = False) -> None:
        self.words, self.refused, self.hangs, self.cancelled = words, refused, hangs, False
        self.error = HostError(f"PID 1 refused the order `{words}`") if refused else None
        self.output = ""

    def is_over(self) -> bool:
        return not self.hangs

    def wait(self) -> None:
        if self.error:
            raise self.error

    def cancel(self) -> None:
        self.cancelled, self.hangs = self.hangs, False

    def give_up(self) -> None:
        """It hung for too long and was ended."""
        self.hangs = False
        self.error = HostError(f"systemctl did not answer: `{self.words}`")


@dataclass
class FakeHost:
    """Takes orders. `refuses`: those that it refuses, `hangs`: whether it answers none.

    `orders` has one entry for each unit, `commands` one for each call. `states`: its states of
    units when it is asked.
    """

    orders: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    hangs: bool = False
    given: list[FakeOrder] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    questions: int = 0

    def start(self, *units: str) -> Order:
        return self._take("start", units)

    def restart(self, *units: str) -> Order:
        return self._take("restart", units)

    def stop(self, *units: str) -> Order:
        return self._take("stop", units)

    def power_off(self) -> Order:
        return self._take("poweroff", ("",))

    def suspend(self) -> Order:
        return self._take("suspend", ("",))

    def show(self, properties: str, *units: str) -> Order:
        assert properties.startswith("Id,")
        self.questions += 1
        order = FakeOrder("show", hangs=self.hangs)
        order.output = "\n\n".join(self._describe(unit) for unit in units if unit in self.states)
        self.given.append(order)
        return order

    def new(self) -> list[str]:
        """The orders since the last call."""
        taken, self.orders = self.orders, []
        return taken

    def _describe(self, unit: str) -> str:
        active, _, sub = self.states[unit].partition(" ")
        result = "exit-code" if active == "failed" or sub == "auto-restart" else "success"
        return f"Id={unit}.service\nActiveState={active}\nSubState={sub}\nResult={result}"

    def _take(self, verb: str, units: tuple[str, ...]) -> Order:
        words = [f"{verb} {unit}".strip() for unit in units]
        refused = [one for one in words if one in self.refuses]
        self.commands.append(f"{verb} {' '.join(units)}".strip())
        self.orders += [one for one in words if one not in self.refuses]
        reported = refused[0] if refused else self.commands[-1]
        self.given.append(FakeOrder(reported, refused=bool(refused), hangs=self.hangs))
        return self.given[-1]
