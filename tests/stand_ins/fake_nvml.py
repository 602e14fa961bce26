"""NVIDIA's library with behaviour: limits that clamp, refuse and are forgotten with the driver."""

from dataclasses import dataclass, field


class FakeNvmlError(Exception):
    """What the library raises; `value` is NVML's error number."""

    def __init__(self, value: int) -> None:
        super().__init__(f"NVML error {value}")
        self.value = value


@dataclass
class Card:
    """One GPU. `low_w` None: it has no limit. `stubborn`: it takes a limit and keeps its own."""

    low_w: float | None = 100.0
    high_w: float = 250.0
    limit_w: float = 250.0
    persistent: bool | None = True
    stubborn: bool = False
    lost: bool = False


@dataclass
class LimitNvml:
    """The part of the library that limits power. `reload()` is what a reboot does to a driver."""

    cards: list[Card] = field(default_factory=list)
    root: bool = True
    hung: bool = False
    set_mw: list[int] = field(default_factory=list)

    NVMLError = FakeNvmlError
    NVML_ERROR_INVALID_ARGUMENT = 2
    NVML_ERROR_NOT_SUPPORTED = 3
    NVML_ERROR_NO_PERMISSION = 4
    NVML_ERROR_GPU_IS_LOST = 15
    NVML_ERROR_UNKNOWN = 999
    NVML_FEATURE_ENABLED = 1

    def reload(self) -> None:
        for card in self.cards:
            card.limit_w = card.high_w

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802  (the library's names)
        if self.hung:
            raise FakeNvmlError(self.NVML_ERROR_UNKNOWN)
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        if self.cards[index].lost:
            raise FakeNvmlError(self.NVML_ERROR_GPU_IS_LOST)
        return self.cards[index]

    def nvmlDeviceGetPowerManagementLimitConstraints(self, card: Card) -> list[int]:  # noqa: N802
        if card.low_w is None:
            raise FakeNvmlError(self.NVML_ERROR_NOT_SUPPORTED)
        return [int(card.low_w * 1000), int(card.high_w * 1000)]

    def nvmlDeviceGetPowerManagementLimit(self, card: Card) -> int:  # noqa: N802
        return int(card.limit_w * 1000)

    def nvmlDeviceSetPowerManagementLimit(self, card: Card, limit_mw: int) -> None:  # noqa: N802
        if not self.root:
            raise FakeNvmlError(self.NVML_ERROR_NO_PERMISSION)
        assert isinstance(limit_mw, int), "the library passes a C unsigned int"
        if not (card.low_w or 0) * 1000 <= limit_mw <= card.high_w * 1000:
            raise FakeNvmlError(self.NVML_ERROR_INVALID_ARGUMENT)
        self.set_mw.append(limit_mw)
        if not card.stubborn:
            card.limit_w = limit_mw / 1000

    def nvmlDeviceGetPersistenceMode(self, card: Card) -> int:  # noqa: N802
        if card.persistent is None:
            raise FakeNvmlError(self.NVML_ERROR_NOT_SUPPORTED)
        return int(card.persistent)
