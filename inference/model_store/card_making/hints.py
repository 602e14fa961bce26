"""What the owner says of a model on the command line of `unitctl models add`.

Reads and writes: nothing.
Never: is asked where the model says it by itself.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hints:
    """Empty, or None: the trial decides. `untried`: take the likeliest guess without a trial."""

    head: str = ""
    input_order: str = ""
    input_range: str = ""
    resize: str = ""
    size: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()
    untried: bool = False

    def make_tree(self) -> dict[str, Any]:
        return asdict(self)


def parse_hints(tree: dict[str, Any]) -> Hints:
    """The hints of `make_tree`, after JSON."""
    size = tree["size"]
    return Hints(
        **{key: tree[key] for key in ("head", "input_order", "input_range", "resize", "untried")},
        size=(size[0], size[1]) if size else None,
        labels=tuple(tree["labels"]),
    )
