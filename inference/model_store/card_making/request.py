"""Has a card made for a model, by a child process with limits.

Reads: the child's answer. Writes: nothing.
Never: takes a licence that the model itself contradicts for granted: that rule stands in
licences.py, for cards of all kinds.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from inference.detection.model_card import compute_digest
from inference.model_store import examine
from inference.model_store.card_making.hints import Hints
from inference.model_store.limits import GUESSING, TrialLimits

CHILD = "inference.model_store.card_making.proposal"
SPDX = re.compile(r"[A-Za-z0-9.+-]{1,40}")


class CardMaker:
    """Makes the card of a model that has none. `notes`: what its owner should know of it.

    `remark` is what the trial says against a card that was not made here.

    maker = CardMaker(Hints(input_order="rgb"), licence="MIT")
    card = maker.make(model)
    """

    def __init__(
        self,
        hints: Hints | None = None,
        *,
        name: str = "",
        licence: str = "",
        limits: TrialLimits = GUESSING,
    ) -> None:
        """`licence` and `name` are as the owner says, "" for what metadata and file say."""
        self._hints = hints or Hints()
        self._name, self._licence, self._limits = name, licence, limits
        self.notes: tuple[str, ...] = ()
        self.remark = ""

    def choose_name(self, source: Path) -> str:
        """The model's name: as its owner says, else of what its file is called."""
        made = re.sub(r"[^a-z0-9]+", "-", source.stem.lower()).strip("-")[:64]
        return self._name or made or "model"

    def make(self, model: Path) -> bytes:
        """The card's text; raises `ModelError` with what to do where something is not sure."""
        words = [str(model), json.dumps(self._hints.make_tree())]
        answer = examine.ask_child(CHILD, words, self._limits)
        card = answer.get("card")
        if answer.get("refused") or not isinstance(card, dict):
            text = str(answer.get("refused") or "could not be tried; try again")
            raise ModelError(f"the model {model.stem} {text}")
        weights = self._licence or find_licence(answer)
        if not weights:
            raise ModelError(
                f"the model {model.stem} does not say which licence its weights have; add it with "
                "--licence NAME (for example Apache-2.0), as its source says"
            )
        self.notes = tuple(answer["notes"])
        card |= {"name": model.stem, "sha256": compute_digest(model)}
        card["licence"] = {"weights": weights, "lineage": answer["description"], "source": ""}
        return json.dumps(card, indent=1).encode()


def find_licence(answer: dict[str, Any]) -> str:
    """The licence that the model's metadata names: its first word; "" where it names none."""
    words: Sequence[str] = str(answer.get("license") or answer.get("licence") or "").split()
    return words[0] if words and SPDX.fullmatch(words[0]) else ""
