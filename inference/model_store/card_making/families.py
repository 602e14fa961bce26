"""Which heads fit the outputs of a model, judged by their shapes and names. Pure.

Inputs: the outputs of one run, the labels, the input. Output: guesses, the likeliest first.
Never: chooses between guesses that fit alike: the trial on a picture does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from inference.detection.heads.nanodet import count_along
from inference.detection.model_forms import Activation, BoxForm, InputForm, OutputForm, Resize
from inference.model_store.card_making.inputs import Manner
from inference.model_store.card_making.labels import Labels

Arrays = Mapping[str, np.ndarray]
PLUS_STRIDES, STRIDES = (8, 16, 32, 64), (8, 16, 32)
BINS = (8, 11)  # of NanoDet
MOST_ROWS = 1000  # that a model with NMS inside gives
YOLO = Manner("RGB", "0..1", Resize.LETTERBOX)
YOLOX = Manner("BGR", "0..255", Resize.TOP_LEFT)
STRETCHED = Manner("RGB", "0..1", Resize.STRETCH)
NANODET = Manner("BGR", "imagenet", Resize.STRETCH)
PICODET = Manner("RGB", "imagenet", Resize.STRETCH)
RF_DETR = Manner("RGB", "imagenet", Resize.STRETCH)
ORDERS = {
    6: (
        ("left", "top", "right", "bottom", "score", "class"),
        ("class", "score", "left", "top", "right", "bottom"),
    ),
    7: (
        ("picture", "left", "top", "right", "bottom", "class", "score"),
        ("picture", "left", "top", "right", "bottom", "score", "class"),
    ),
}


@dataclass(frozen=True, slots=True)
class HeadGuess:
    """A head that fits, the manner in which its family is mostly trained, and the labels."""

    decoder: str
    output: OutputForm
    manner: Manner
    labels: Labels

    def describe(self) -> str:
        """The head in words that tell it from others."""
        words = [self.decoder]
        words += ["with objectness"] if self.output.objectness else []
        words += [] if self.output.pixels or self.decoder == "nanodet" else ["boxes in fractions"]
        words += [self.output.activation.value] * (self.output.activation is not Activation.NONE)
        return ", ".join(words)


def list_heads(outputs: Arrays, labels: list[Labels], entry: InputForm) -> list[HeadGuess]:
    """All heads that fit, the likeliest first."""
    flat = {name: one for name, one in outputs.items() if one.ndim <= 3}
    guesses = [
        guess for one in labels for guess in guess_by_number(flat, one, entry) if fits(guess, flat)
    ]
    return list(dict.fromkeys(guesses))


def fits(guess: HeadGuess, outputs: Arrays) -> bool:
    """Whether the model can have so many classes, as far as its outputs show."""
    scores = outputs.get(guess.output.scores)
    if guess.decoder != "detr" or scores is None:
        return True
    return scores.shape[2] - len(guess.labels.names) in (0, 1)


def guess_by_number(outputs: Arrays, labels: Labels, entry: InputForm) -> Iterator[HeadGuess]:
    """Guesses by how many outputs there are."""
    yield from guess_nanodet(outputs, labels, entry)
    if len(outputs) == 1:
        ((name, only),) = outputs.items()
        if (
            only.ndim in (2, 3)
            and only.shape[-1] in ORDERS
            and np.prod(only.shape[:-1]) <= MOST_ROWS
        ):
            yield from guess_rows(name, only, labels)
        if only.ndim == 2 and only.shape[1] == len(labels.names):
            yield guess_classes(name, only, labels)
        if only.ndim == 3:
            yield from guess_table(name, only, labels, entry)
    elif len(outputs) == 2:
        yield from guess_pair(outputs, labels)
    else:
        yield from guess_parts(outputs, labels, entry)


def guess_nanodet(outputs: Arrays, labels: Labels, entry: InputForm) -> Iterator[HeadGuess]:
    """NanoDet and PicoDet, where cells and columns are those of their grids.

    Four grids whose scores and distributions come apart are PicoDet's, as Paddle2ONNX exports it:
    its points are the middles of cells. NanoDet-Plus joins them, and its points are corners.
    """
    shapes = sorted(one.shape[1:] for one in outputs.values())
    classes = len(labels.names)
    for strides in (PLUS_STRIDES, STRIDES):
        cells = [count_along(entry.width, one) * count_along(entry.height, one) for one in strides]
        for bins in BINS:
            wide = classes + 4 * bins
            apart = sorted((count, width) for count in cells for width in (classes, 4 * bins))
            if shapes in (apart, sorted((count, wide) for count in cells), [(sum(cells), wide)]):
                usual = [(0.5, NANODET)] if strides == STRIDES else [(0.0, NANODET)]
                if strides == PLUS_STRIDES and shapes == apart:
                    usual = [(0.5, PICODET), *usual]
                for point, manner in usual:
                    form = OutputForm(strides=strides, bins=bins, cell_point=point, pixels=False)
                    yield HeadGuess("nanodet", form, manner, labels)


def guess_classes(name: str, only: np.ndarray, labels: Labels) -> HeadGuess:
    """A classification model: shares of one, or logits as torchvision and timm export them."""
    ready = float(only.min()) >= 0 and abs(float(only.sum()) - len(only)) < 0.01 * len(only)
    activation = Activation.NONE if ready else Activation.SOFTMAX
    form = OutputForm(name=name, activation=activation)
    return HeadGuess("classes", form, STRETCHED if ready else RF_DETR, labels)


def guess_rows(name: str, only: np.ndarray, labels: Labels) -> Iterator[HeadGuess]:
    """One row for each thing, with NMS inside."""
    fractions = only.size > 0 and float(np.abs(only[..., :4]).max()) <= 2
    for columns in ORDERS[only.shape[-1]]:
        corners = OutputForm(name=name, columns=columns, box=BoxForm.XYXY)
        middles = OutputForm(name=name, columns=columns, box=BoxForm.CXCYWH, pixels=False)
        forms = [(corners, YOLO), (middles, STRETCHED)]
        for form, manner in reversed(forms) if fractions else forms:
            yield HeadGuess("rows", form, manner, labels)


def guess_table(
    name: str, only: np.ndarray, labels: Labels, entry: InputForm
) -> Iterator[HeadGuess]:
    """One tensor of boxes and scores: YOLO of all kinds."""
    classes, sides = len(labels.names), only.shape[1:]
    grids = {
        sum((entry.height // one) * (entry.width // one) for one in strides): strides
        for strides in (STRIDES, PLUS_STRIDES)
    }
    for rows, width in (sides, sides[::-1]):
        strides = grids.get(rows) or grids.get(rows // 3 if rows % 3 == 0 else 0)
        extra = width - 4 - classes
        if strides is None and extra == 0:
            form = OutputForm(name=name, pixels=False, iou=0.0)
            yield HeadGuess("yolo", form, STRETCHED, labels)
        elif strides is not None and rows not in grids and extra >= 1:
            form = OutputForm(name=name, objectness=True, extra=extra - 1, iou=0.45)
            yield HeadGuess("yolo", form, YOLO, labels)
        elif strides is not None and rows in grids and extra >= 0:
            if extra == 1:
                form = OutputForm(name=name, objectness=True, strides=strides)
                rows_first = only if only.shape[1] == rows else only.transpose(0, 2, 1)
                decoder = "yolo" if are_decoded(rows_first, entry) else "yolox"
                yield HeadGuess(decoder, form, YOLOX, labels)
            else:
                yield HeadGuess("yolo", OutputForm(name=name, extra=extra), YOLO, labels)


def are_decoded(table: np.ndarray, entry: InputForm) -> bool:
    """Whether YOLOX's boxes (1 x cells x columns) are decoded: no size is then below 0, and the
    middles follow their cells across the picture. Before, a size is a logarithm, and a middle is
    counted from its own cell.
    """
    across = float(np.ptp(table[0, :, 0])) > entry.width / 2
    return across and float(table[0, :, 2:4].min()) >= 0


def guess_pair(outputs: Arrays, labels: Labels) -> Iterator[HeadGuess]:
    """Boxes and scores of each class in two tensors."""
    named = sorted(outputs, key=lambda one: (outputs[one].shape[-1] != 4, "box" not in one.lower()))
    boxes, scores = named
    if outputs[boxes].ndim != 3 or outputs[scores].ndim != 3 or outputs[boxes].shape[2] != 4:
        return
    values, places = outputs[scores], outputs[boxes]
    ready = values.size > 0 and float(values.min()) >= 0 and float(values.max()) <= 1
    pixels = places.size > 0 and float(np.abs(places).max()) > 4
    softmax = values.shape[2] == len(labels.names) + 1
    activation = Activation.SOFTMAX if softmax else Activation.SIGMOID
    if ready:
        activation = Activation.NONE
    usual = RF_DETR if {boxes, scores} == {"dets", "labels"} else STRETCHED
    forms = (BoxForm.XYXY, BoxForm.CXCYWH) if pixels else (BoxForm.CXCYWH, BoxForm.XYXY)
    for box in forms:
        form = OutputForm(
            boxes=boxes,
            scores=scores,
            activation=activation,
            box=box,
            pixels=pixels,
            iou=0.7 if pixels else None,
        )
        yield HeadGuess("detr", form, YOLO if pixels else usual, labels)


def guess_parts(outputs: Arrays, labels: Labels, entry: InputForm) -> Iterator[HeadGuess]:
    """Boxes, scores and classes of things that the model has told apart."""
    boxes = [name for name, one in outputs.items() if one.shape[-1:] == (4,) and one.ndim > 1]
    if not boxes:
        return
    count = len(outputs[boxes[0]].reshape(-1, 4))
    rest = [name for name in outputs if name != boxes[0]]
    long = [name for name in rest if outputs[name].size == count]
    short = [name for name in rest if outputs[name].size == 1 and name not in long[:2]]
    if len(long) < 2:
        return
    numbers, scores = sorted(long, key=lambda one: rank_as_numbers(one, outputs[one]))[:2]
    pixels = count == 0 or float(np.abs(outputs[boxes[0]]).max()) > 4
    tensorflow = "detection_boxes" in boxes[0] or entry.layout.value == "NHWC"
    usual = YOLO if pixels and not entry.constants else STRETCHED
    for box in (BoxForm.YXYX, BoxForm.XYXY) if tensorflow else (BoxForm.XYXY, BoxForm.YXYX):
        for first in (1, 0) if tensorflow else (0, 1):
            form = OutputForm(
                boxes=boxes[0],
                scores=scores,
                numbers=numbers,
                count=short[0] if short else "",
                box=box,
                pixels=pixels,
                first_class=first,
            )
            yield HeadGuess("parts", form, usual, labels)


def rank_as_numbers(name: str, values: np.ndarray) -> tuple[bool, bool]:
    """Class numbers before scores: by name, then by being whole."""
    word = name.lower()
    is_class = any(one in word for one in ("class", "label", "cls")) and "score" not in word
    return not is_class, not bool((values == np.round(values)).all())
