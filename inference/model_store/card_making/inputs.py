"""Which input of a model takes the picture, and the forms in which it may want it.

Inputs: facts, and what the owner told. Output: one form for each way, the likeliest first. Pure.
Never: invents a value for an input that it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.errors import ModelError
from inference.detection.model_forms import Constant, InputForm, Layout, Resize
from inference.model_store.card_making.facts import ModelFacts, TensorFacts

USUAL_SIDE = 640
Three = tuple[float, float, float]
IMAGENET: tuple[Three, Three] = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
# What mean and std are called on the command line: for RGB; turned round for BGR.
RANGES: dict[str, tuple[Three, Three]] = {
    "0..1": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "0..255": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "imagenet": IMAGENET,
    "signed": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
}
SIZES = ("orig_target_sizes", "orig_size", "target_sizes", "image_size", "im_shape", "img_shape")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a picture is prepared: a way in which a family of models was trained."""

    channels: str
    range: str
    resize: Resize

    def apply(self, entry: InputForm) -> InputForm:
        """The input in this manner."""
        mean, std = RANGES[self.range]
        if self.channels == "BGR":
            mean, std = (mean[2], mean[1], mean[0]), (std[2], std[1], std[0])
        return replace(entry, channels=self.channels, mean=mean, std=std, resize=self.resize)

    def describe(self) -> str:
        return f"{self.channels}, {self.range}, {self.resize.value}"


def find_input(facts: ModelFacts, size: tuple[int, int] | None) -> tuple[InputForm, int | None]:
    """The input for the picture, not yet in any manner, and the batch; raises `ModelError`."""
    pictures = [one for one in facts.inputs if is_picture(one)]
    if len(pictures) != 1:
        given = ", ".join(f"{one.name} {list(one.shape)}" for one in facts.inputs)
        raise ModelError(
            f"takes {given}: that is not one picture of three channels with a batch axis; "
            "export it with an input of 1 x 3 x height x width"
        )
    found = pictures[0]
    layout = Layout.NHWC if found.shape[3] == 3 and found.shape[1] != 3 else Layout.NCHW
    sides = found.shape[2:] if layout is Layout.NCHW else found.shape[1:3]
    width, height = size or read_size(facts, sides)
    entry = InputForm(found.name, width, height, layout=layout, type=found.type)
    others = [one for one in facts.inputs if one is not found]
    constants = tuple(make_constant(one, entry) for one in others)
    return replace(entry, constants=constants), found.shape[0]


def is_picture(one: TensorFacts) -> bool:
    return len(one.shape) == 4 and 3 in (one.shape[1], one.shape[3])


def read_size(facts: ModelFacts, sides: Sequence[int | None]) -> tuple[int, int]:
    """Width and height: of the tensor, else of the metadata, else the usual."""
    height, width = sides
    told = facts.read_value("imgsz")
    if isinstance(told, int):
        told = [told, told]
    if not (isinstance(told, list) and len(told) == 2 and all(type(one) is int for one in told)):
        told = [height or width or USUAL_SIDE, width or height or USUAL_SIDE]
    return width or told[1], height or told[0]


def make_constant(one: TensorFacts, entry: InputForm) -> Constant:
    """The value of another input: the picture's size, or its scale. Raises `ModelError`."""
    width, height = float(entry.width), float(entry.height)
    if one.shape[-1:] == (2,) and one.name in SIZES:
        values = (height, width) if one.name in ("im_shape", "img_shape") else (width, height)
        return Constant(one.name, one.type, values)
    if one.shape[-1:] == (2,) and one.name == "scale_factor":
        return Constant(one.name, one.type, (1.0, 1.0))
    raise ModelError(
        f"takes another input, {one.name} {list(one.shape)}, that is not known; "
        "export it so that it takes the picture alone"
    )


def list_manners(usual: Manner, entry: InputForm) -> list[Manner]:
    """All manners to try, the usual one first."""
    ranges = ["0..255"] if entry.type == "uint8" else list(RANGES)
    every = [
        Manner(channels, name, resize)
        for resize in (usual.resize, *(one for one in Resize if one is not usual.resize))
        for name in ranges
        for channels in ("RGB", "BGR")
    ]
    first = replace(usual, range="0..255") if entry.type == "uint8" else usual
    return [first, *(one for one in every if one != first)]
