"""Guesses at a model without a card, tried on the trial picture; the best one becomes the card.

Reads: the trial picture; runs the model. Writes: nothing.
Never: takes the best guess where even that finds nobody.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from inference.detection.heads import HEADS, HeadError, Outputs
from inference.detection.heads.candidates import Candidates
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import InputForm, OutputForm, Resize
from inference.detection.model_input import ModelInput
from inference.detection.placement import Placement, map_boxes_back
from inference.detection.suppression import select_detections
from inference.detection.tensors import make_feed
from inference.model_store import running
from inference.model_store.card_making import trial_picture
from inference.model_store.card_making.families import HeadGuess, list_heads
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.inputs import Manner, list_manners
from inference.model_store.card_making.labels import Labels
from inference.model_store.card_making.trial_picture import TrialScore

BETTER = 1.25  # so much better must another manner be than the usual one of its family
LEAST_QUALITY = 0.2
BUDGET_S = 60.0  # of processor time for the manners that are not the usual ones


@dataclass(frozen=True, slots=True)
class Attempt:
    """A guess and what the trial makes of it; `score` None: it has no class for a person."""

    head: HeadGuess
    manner: Manner
    card: ModelCard
    score: TrialScore | None

    @property
    def quality(self) -> float:
        return self.score.quality if self.score else 0.0

    def describe(self) -> str:
        return f"head {self.head.describe()}; input {self.manner.describe()}"


class Runner:
    """Runs the model on one picture; `batch` is what its card should say."""

    def __init__(self, session: Any, entry: InputForm, batch: int | None) -> None:
        self._session = session
        self.batch = batch or self._find_batch(entry)

    def _find_batch(self, entry: InputForm) -> int | None:
        """None where it takes two pictures as well as one, and gives two of each output."""
        black = np.zeros((2, 3, entry.height, entry.width), np.float32)
        try:
            outputs = self._run(entry, black)
        except (ModelError, MemoryError):
            return 1
        return None if all(len(one) == 2 for one in outputs.values() if one.ndim) else 1

    def run(self, entry: InputForm, tensor: np.ndarray) -> Outputs:
        """The outputs of the first picture; raises `ModelError`."""
        outputs = self._run(entry, tensor)
        if len(tensor) == 1:
            return outputs
        return {name: one[:1] for name, one in outputs.items()}

    def _run(self, entry: InputForm, tensor: np.ndarray) -> Outputs:
        card = ModelCard("", Tier.USER, entry, OutputForm(), ("any",))
        return running.run(self._session, make_feed(tensor, card))


class Guesser:
    """All guesses at one model.

    attempts = Guesser(Runner(session, entry, batch), entry, labels, hints).try_all()
    """

    def __init__(
        self, runner: Runner, entry: InputForm, labels: list[Labels], hints: Hints
    ) -> None:
        self._runner, self._entry = runner, entry
        self._labels, self._hints = labels, hints
        self._bgr = trial_picture.load_picture()
        self._ran: dict[Manner, list[Attempt]] = {}
        self._outputs: Outputs = {}

    def try_all(self) -> list[Attempt]:
        """The attempts, the best first; empty where no head fits. Raises `ModelError`."""
        first = self._try_manner(adapt(self._hints, Manner("RGB", "0..1", self._entry.resize)))
        usual = dict.fromkeys(adapt(self._hints, one.head.manner) for one in first)
        for manner in usual:
            self._try_manner(manner)
        order = [one.head for one in first]
        own = [one for one in self._list_attempts() if is_usual(one, self._hints)]
        own.sort(key=lambda one: order.index(one.head) if one.head in order else len(order))
        if not own or self._hints.untried or own[0].score is None:
            return own
        best = max(own, key=lambda one: one.quality)
        self._try_others(best)
        usual_way = best.manner.resize
        other = max(
            self._list_attempts(),
            key=lambda one: one.quality * (BETTER if one.manner.resize is usual_way else 1),
        )
        return [other, best] if other.quality > BETTER * best.quality else [best, other]

    def _try_others(self, best: Attempt) -> None:
        """Other colours and ranges, then other ways to fit the picture, while there is time."""
        until_s = time.process_time() + BUDGET_S
        manners = dict.fromkeys(
            adapt(self._hints, one) for one in list_manners(best.manner, self._entry)
        )
        for manner in manners:
            if manner.resize is best.manner.resize and time.process_time() < until_s:
                self._try_manner(manner)
        top = max(self._list_attempts(), key=lambda one: one.quality).manner
        for manner in manners:
            same = (manner.channels, manner.range) == (top.channels, top.range)
            if same and time.process_time() < until_s:
                self._try_manner(manner)

    def _list_attempts(self) -> list[Attempt]:
        return [one for attempts in self._ran.values() for one in attempts]

    def _try_manner(self, manner: Manner) -> list[Attempt]:
        """One run of the model; all heads that fit read its outputs."""
        if manner in self._ran:
            return self._ran[manner]
        entry = manner.apply(self._entry)
        card = ModelCard("", Tier.USER, entry, OutputForm(), ("any",), batch=self._runner.batch)
        model_input = ModelInput(card, self._runner.batch or 1)
        place = model_input.put_bgr(0, self._bgr)
        outputs = self._outputs = self._runner.run(entry, model_input.tensor)
        heads = [
            one
            for one in list_heads(outputs, self._labels, entry)
            if self._hints.head in ("", one.decoder)
        ]
        self._ran[manner] = [
            one for head in heads for one in attempt(head, manner, card, outputs, place)
        ]
        return self._ran[manner]

    def describe_outputs(self) -> str:
        """The outputs of the last run, for a message."""
        return ", ".join(f"{name} {list(one.shape)}" for name, one in self._outputs.items())


def adapt(hints: Hints, manner: Manner) -> Manner:
    """The manner with what the owner told put in."""
    return Manner(
        hints.input_order.upper() or manner.channels,
        hints.input_range or manner.range,
        Resize(hints.resize) if hints.resize else manner.resize,
    )


def attempt(
    head: HeadGuess, manner: Manner, card: ModelCard, outputs: Outputs, place: Placement
) -> Iterator[Attempt]:
    """The attempt with one head; none where it cannot read the outputs."""
    own = replace(card, output=head.output, classes=head.labels.names, decoder=head.decoder)
    with suppress(HeadError):
        yield Attempt(head, manner, own, find_people(own, outputs, place))


def is_usual(attempt: Attempt, hints: Hints) -> bool:
    """Whether it was tried in the manner of its own family."""
    return attempt.manner == adapt(hints, attempt.head.manner)


def remark(session: Any, card: ModelCard) -> str:
    """What the trial picture says against a card that its owner gave; "" for nothing."""
    if card.decoder == "classes" or trial_picture.find_person(card.classes) is None:
        return ""
    model_input = ModelInput(card, card.batch or 1)
    place = model_input.put_bgr(0, trial_picture.load_picture())
    outputs = running.run(session, make_feed(model_input.tensor, card))
    first = {name: one[:1] if (card.batch or 1) > 1 else one for name, one in outputs.items()}
    found = find_people(card, first, place)
    if found is None or found.quality >= LEAST_QUALITY:
        return ""
    return (
        f"with this card it finds {found.describe()} in the trial picture: input or head may be "
        "wrong there; added without a card, one is made that fits"
    )


def find_people(card: ModelCard, outputs: Outputs, place: Placement) -> TrialScore | None:
    """How well the people of the trial picture are found; None where no class means a person.

    Raises `HeadError` where the head cannot read the outputs.
    """
    head = HEADS[card.decoder]
    head.require_outputs(outputs, card)
    person = trial_picture.find_person(card.classes)
    if person is None:
        return None
    found = head.find_candidates(outputs, card, (person,), trial_picture.FAINTEST)
    boxes = map_boxes_back(found.boxes, place, card.input)
    iou = head.SAME_THING_IOU if card.output.iou is None else card.output.iou or None
    return trial_picture.score(
        select_detections(
            Candidates(boxes, found.scores, found.classes),
            card.classes,
            trial_picture.FAINTEST,
            iou,
        )
    )
