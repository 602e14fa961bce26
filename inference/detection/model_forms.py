"""The forms of a model's input and output, as its card describes them.

Reads: the objects `input` and `output` of a card. Writes: nothing.
Never: takes a word that it does not know for the usual one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from appliance.strict_json import require_whole_number

LARGEST_SIDE = 4096
GREY = 114.0  # what YOLO models were trained with at the sides of a picture
ROW = ("left", "top", "right", "bottom", "score", "class")
CORNERS = ("rows", "parts")  # heads whose usual boxes are corners, not middle and size
NAMES = ("name", "boxes", "scores", "numbers", "count")  # of outputs
FRACTIONS = ("detr", "nanodet")  # heads whose boxes are in fractions of the input


class Resize(Enum):
    """How a picture comes to the size of the input."""

    STRETCH = "stretch"
    LETTERBOX = "letterbox"  # the same share of width and height, bars at both sides
    TOP_LEFT = "letterbox-top-left"  # bars at the right and below


class Layout(Enum):
    """The order of the input's axes: number, channel, height, width."""

    NCHW = "NCHW"
    NHWC = "NHWC"


class Activation(Enum):
    """What makes scores from 0 to 1 of a model's numbers."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


class BoxForm(Enum):
    """What the four numbers of a box are: middle and size, or two corners."""

    CXCYWH = "cxcywh"
    XYXY = "xyxy"
    YXYX = "yxyx"


@dataclass(frozen=True, slots=True)
class Constant:
    """Another input, always the same, such as the size of the picture."""

    name: str
    type: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class InputForm:
    """The picture that a model takes, width x height pixels of `type`.

    `mean` and `std` are per channel in the order of `channels`, of 8-bit values; `pad` is the value
    of the bars of a letterbox, before mean and std.
    """

    name: str
    width: int
    height: int
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: str = "BGR"
    resize: Resize = Resize.STRETCH
    pad: float = GREY
    layout: Layout = Layout.NCHW
    type: str = "float32"
    constants: tuple[Constant, ...] = ()

    def make_shape(self, batch: int | None) -> list[int | None]:
        """The shape of the tensor."""
        if self.layout is Layout.NHWC:
            return [batch, self.height, self.width, 3]
        return [batch, 3, self.height, self.width]


@dataclass(frozen=True, slots=True)
class OutputForm:
    """What a head needs to know of the outputs; docs/models.md says which head needs what.

    `iou`: boxes of one label that overlap by more are on one thing; 0: the model tells them apart;
    None: as usual for its head. `extra`: columns after the scores that mean something else.
    """

    box: BoxForm = BoxForm.CXCYWH
    pixels: bool = True
    activation: Activation = Activation.NONE
    iou: float | None = None
    strides: tuple[int, ...] = (8, 16, 32)
    bins: int = 8
    cell_point: float = 0.5
    objectness: bool = False
    extra: int = 0
    columns: tuple[str, ...] = ROW
    first_class: int = 0
    name: str = ""
    boxes: str = ""
    scores: str = ""
    numbers: str = ""
    count: str = ""


def fits(shape: Sequence[object], wanted: Sequence[int | None]) -> bool:
    """Whether a tensor of the wanted shape goes into one that was declared so.

    An axis without a number takes any; None is a batch of any number, for which it must be one.
    """
    return len(shape) == len(wanted) and all(
        not isinstance(side, int) or side == number
        for side, number in zip(shape, wanted, strict=True)
    )


def parse_input(tree: Mapping[str, Any]) -> InputForm:
    """The input of a card; a missing key is a `KeyError`, a wrong one a `ValueError`."""
    layout = Layout(tree.get("layout", "NCHW"))
    _, *sides = tree["shape"]
    height, width = sides[1:] if layout is Layout.NCHW else sides[:2]
    if sides.count(3) != 1 or (sides[0] if layout is Layout.NCHW else sides[2]) != 3:
        raise ValueError(f"its input is no picture of three channels in {layout.value}")
    return InputForm(
        name=require_one_line(tree["name"], "the input's name"),
        width=require_whole_number(width, "the input's width", 32, LARGEST_SIDE),
        height=require_whole_number(height, "the input's height", 32, LARGEST_SIDE),
        mean=require_three_numbers(tree["mean"], "mean"),
        std=require_three_numbers(tree["std"], "std", above=0),
        channels=require_word(tree.get("channels", "BGR"), "channels", ("BGR", "RGB")),
        resize=Resize(tree.get("resize", "stretch")),
        pad=require_number(tree.get("pad", GREY), "pad", 0, 255),
        layout=layout,
        type=require_type(tree.get("type", "float32")),
        constants=tuple(parse_constant(one) for one in tree.get("constants", ())),
    )


def parse_constant(tree: Mapping[str, Any]) -> Constant:
    values = tuple(require_number(one, "a constant", -1e6, 1e6) for one in tree["values"])
    name = require_one_line(tree["name"], "the name of a constant")
    return Constant(name, require_type(tree["type"]), values)


def parse_output(tree: Mapping[str, Any], decoder: str) -> OutputForm:
    """The output of a card, with what is usual for its head where it says nothing."""
    usual = BoxForm.XYXY if decoder in CORNERS else BoxForm.CXCYWH
    strides = tree["strides"] if decoder == "nanodet" else tree.get("strides", (8, 16, 32))
    bins = tree["bins"] if decoder == "nanodet" else tree.get("bins", 8)
    iou = tree.get("iou")
    return OutputForm(
        box=BoxForm(tree.get("box", usual.value)),
        pixels=bool(tree.get("pixels", decoder not in FRACTIONS)),
        activation=Activation(tree.get("activation", "none")),
        iou=None if iou is None else require_number(iou, "iou", 0, 1),
        strides=tuple(require_whole_number(one, "a stride", 1, 512) for one in strides),
        bins=require_whole_number(bins, "bins", 2, 128),
        cell_point=require_number(tree.get("cell_point", 0.5), "cell_point", 0, 1),
        objectness=bool(tree.get("objectness", False)),
        extra=require_whole_number(tree.get("extra", 0), "extra", 0, 4096),
        columns=parse_columns(tree.get("columns", ROW)),
        first_class=require_whole_number(tree.get("first_class", 0), "first_class", 0, 1),
        **{key: require_one_line(tree.get(key, ""), key) for key in NAMES},
    )


def parse_columns(value: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    columns = tuple(require_one_line(one, "a column") for one in value)
    if not set(ROW) <= set(columns):
        raise ValueError(f"its columns must be {', '.join(ROW)} in some order, perhaps with others")
    return columns


def require_type(value: object) -> str:
    return require_word(value, "a type", ("float32", "float16", "uint8", "int32", "int64"))


def require_word(value: object, what: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{what} must be one of {', '.join(known)}, not {value!r}")
    return str(value)


def require_number(value: Any, what: str, least: float, most: float) -> float:
    number = float(value)
    if isinstance(value, (str, bool)) or not least <= number <= most:
        raise ValueError(f"{what} must be a number from {least:g} to {most:g}, not {value!r}")
    return number


def require_one_line(value: object, what: str) -> str:
    """A text that a terminal can show."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{what} must be text in one line, not {value!r}")
    return value


def require_three_numbers(
    value: list[float], what: str, above: float = -math.inf
) -> tuple[float, float, float]:
    """One number for each channel."""
    first, second, third = (float(one) for one in value)
    if not all(math.isfinite(one) and one > above for one in (first, second, third)):
        raise ValueError(f"{what} must be three numbers that can be used, not {value!r}")
    return first, second, third
