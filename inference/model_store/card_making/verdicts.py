"""What the trial means: which guess becomes the card, and what the owner is told. Pure.

Inputs: the attempts. Output: the best one and sentences, or a `ModelError` with flags to give.
Never: advises what cannot help: each flag that it names changes the guess.
"""

from collections.abc import Sequence

from appliance.errors import ModelError
from inference.model_store.card_making.guessing import LEAST_QUALITY, Attempt, is_usual
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.labels import Labels

FLAGS = "--input-order rgb or bgr, --input-range, --resize, --size"


def require_labels(labels: Sequence[Labels]) -> None:
    """Raise `ModelError` where nothing says how the classes are called."""
    if not labels:
        raise ModelError(
            "numbers its classes and has no names for them; write the names into a text file, one "
            "in a line, and add it with --labels FILE"
        )


def require_good(attempts: Sequence[Attempt], outputs: str, hints: Hints) -> Attempt:
    """The best attempt, where it is good enough; raises `ModelError` with what to do else."""
    if not attempts:
        told = f" as the head {hints.head}" if hints.head else ""
        raise ModelError(
            f"gives {outputs}, which cannot be read{told} with its classes; if these are not those "
            "of COCO, name them with --labels FILE; else export it with its usual tool, whole and "
            "with decoded boxes (docs/models.md lists the heads)"
        )
    best = attempts[0]
    if best.score is None and not hints.untried:
        require_one_head(attempts)
    if best.score is not None and not hints.untried and best.quality < LEAST_QUALITY:
        raise ModelError(
            f"finds {best.score.describe()} in the trial picture, at best with {best.describe()}: "
            f"how it wants its pictures is not clear; say what you know of it (--head, {FLAGS}, "
            "--labels FILE), or add it with --untried as its family usually is"
        )
    return best


def require_one_head(attempts: Sequence[Attempt]) -> None:
    """Raise `ModelError` where two heads fit and no picture can tell."""
    decoders = list(dict.fromkeys(one.head.decoder for one in attempts))
    if len(decoders) > 1:
        raise ModelError(
            f"may have the head {' or '.join(decoders)}, and none of its classes is a person, so "
            "the trial picture cannot tell; say which with --head"
        )


def list_notes(attempts: Sequence[Attempt], hints: Hints) -> list[str]:
    """What the owner should know of how the card came about."""
    best = attempts[0]
    notes = [best.head.labels.assumed] if best.head.labels.assumed else []
    if best.score is None:
        text = f"not tried, since none of its classes is a person: {best.describe()}, as usual for"
        return [
            *notes,
            f"{text} its family; if it finds nothing, remove it and add it with {FLAGS}",
        ]
    notes.append(f"{best.describe()}: finds {best.score.describe()} in the trial picture")
    if not is_usual(best, hints):
        usual = next((one for one in attempts[1:] if one.score and is_usual(one, hints)), None)
        if usual and usual.score:
            notes.append(
                f"its family usually wants {usual.manner.describe()}, with which it finds "
                f"{usual.score.describe()}"
            )
    if hints.untried and best.quality < LEAST_QUALITY:
        notes.append("added untried: look at its first events before you rely on it")
    return notes
