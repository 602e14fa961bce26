"""The child that makes a card: `python -m inference.model_store.card_making.proposal`.

Reads: a model and the hints, named on the command line. Writes: a line of JSON.
Never: runs without its limits, and never loads a model that safety.py has not passed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from inference.model_store.card_making.hints import Hints, parse_hints
from inference.model_store.limits import set_limits

SAID = ("license", "licence", "description")  # metadata that stand in the card
MOST_SAID = 300  # characters of each


def propose(data: bytes, hints: Hints) -> dict[str, Any]:
    """The card, notes and what the model says of itself; raises `ModelError`."""
    from inference.model_store import running  # noqa: PLC0415  (after the limits)
    from inference.model_store.card_making import inputs, labels  # noqa: PLC0415
    from inference.model_store.card_making.facts import read_facts  # noqa: PLC0415
    from inference.model_store.safety import check_graph  # noqa: PLC0415

    licences = check_graph(data)
    session = running.load(data)
    facts = read_facts(session)
    require_task(make_line(facts.metadata.get("task", "")))
    entry, batch = inputs.find_input(facts, hints.size)
    said = {key: make_line(facts.metadata.get(key, "")) for key in SAID}
    known = labels.list_labels(facts, hints.labels)
    return {"licences": licences, **said, **choose(session, entry, batch, known, hints)}


def make_line(text: str) -> str:
    """What a model says of itself as one line for a card and a terminal, and no more than that."""
    shown = "".join(char if char.isprintable() else " " for char in text[:MOST_SAID])
    return " ".join(shown.split())


def choose(
    session: Any, entry: Any, batch: int | None, labels: list[Any], hints: Hints
) -> dict[str, Any]:
    """The best attempt, as JSON; a `ModelError` says what to tell where none is good enough."""
    from inference.model_store.card_making import guessing, verdicts  # noqa: PLC0415
    from inference.model_store.card_making.card_file import make_tree  # noqa: PLC0415

    verdicts.require_labels(labels)
    guesser = guessing.Guesser(guessing.Runner(session, entry, batch), entry, labels, hints)
    attempts = guesser.try_all()
    best = verdicts.require_good(attempts, guesser.describe_outputs(), hints)
    return {"card": make_tree(best.card), "notes": verdicts.list_notes(attempts, hints)}


def require_task(task: str) -> None:
    """Raise `ModelError` for what finds no things in boxes that stand upright."""
    if task not in ("", "detect", "segment", "pose", "classify"):
        raise ModelError(
            f"is made for the task {task!r}, and the unit needs one that detects things in upright "
            "boxes, or classifies; export a detection model"
        )


def main() -> None:
    model, hints, memory_bytes, cpu_s = sys.argv[1:]
    set_limits(int(memory_bytes), int(cpu_s))
    try:
        answer = propose(Path(model).read_bytes(), parse_hints(json.loads(hints)))
    except (ModelError, OSError) as error:
        answer = {"refused": str(error)}
    except (MemoryError, RecursionError):
        answer = {"refused": "needs more memory than a model may have here; choose a smaller one"}
    except Exception as error:  # noqa: BLE001  (whatever a foreign file makes of it is an answer)
        kind = type(error).__name__
        answer = {"refused": f"has something that cannot be understood ({kind}); export it again"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
