"""The model store as the services see it: models found by reference, examined and allowed.

Reads: models, cards, examination results, active.json, bench.json. Writes: a missing result.
Never: returns a model that does not match its card, was not examined, or has a licence that the
owner does not allow.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import ModelError
from appliance.settings import Settings
from appliance.status import model_files
from appliance.status.model_files import SHIPPED, ModelFile
from inference.detection.model_card import ModelCard, read_verified_card
from inference.model_store import costs, examine
from inference.model_store.costs import ModelCost
from inference.model_store.licences import require_licence

Examine = Callable[[Path, ModelCard], examine.ExaminationResult]
Mark = tuple[int, int, int] | None  # modification time, inode and size: changes with the file


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that may be loaded."""

    name: str
    path: Path
    card: ModelCard
    shipped: bool

    @property
    def digest(self) -> str:
        return self.card.sha256


class ModelStore:
    """All models of this unit. Resident processes keep one store; it holds no file open."""

    def __init__(
        self,
        settings: Settings,
        shipped: Sequence[Path] = SHIPPED,
        examination: Examine = examine.examine,
    ) -> None:
        self.settings = settings
        self.shipped = shipped
        self.root = model_files.get_store_dir(settings)
        self.examination = examination
        self._passed: dict[str, examine.ExaminationResult] = {}
        self._bench = costs.FigureFile(model_files.get_bench_file(settings))
        self._seen = self._read_active_mark()

    def list_models(self) -> list[ModelFile]:
        """All models with a name, examined or not."""
        return model_files.list_models(self.settings, self.shipped)

    def lookup(self, ref: str) -> ModelFile:
        """The file that a reference means; raises `ModelError`. It may not be safe to load."""
        return model_files.find_model(self.settings, ref, self.shipped)

    def find(self, ref: str) -> StoredModel:
        """The model that `ref` (name, digest, path) means, safe to load; raises `ModelError`.

        Reads the whole file for its digest. Only a model without a result, such as one named by a
        path, is examined now: that takes a child process and seconds.
        """
        file = self.lookup(ref)
        card = rename_card(read_verified_card(file.path), file)
        self.require_allowed(file, card)
        return StoredModel(file.name, file.path, card, file.shipped)

    def require_allowed(self, file: ModelFile, card: ModelCard) -> None:
        """Raise `ModelError` where the model is not safe or its licence not allowed."""
        allowed = self.settings.inference.licences
        require_licence(card, named=(), allowed=allowed)
        # What is shipped was examined before it was; the update that brought it is signed.
        if not file.shipped:
            require_licence(
                card, named=self._find_result(file, card).strict_licences, allowed=allowed
            )

    def find_result_file(self, file: ModelFile) -> Path:
        """Where a model's result is stored: beside it; of one named by a path, in the store."""
        if file.path.parent.parent == self.root:
            return file.path.parent / "verdict.json"
        return self.root / "verdicts" / f"{file.digest[:16]}.json"

    def _find_result(self, file: ModelFile, card: ModelCard) -> examine.ExaminationResult:
        kept = self.find_result_file(file)
        result = examine.read_result(kept, file.path, card) or self._passed.get(card.sha256)
        if result is None or result.card_sha256 != examine.compute_card_digest(file.path):
            result = self.examination(file.path, card)
            self._passed[card.sha256] = result
            with suppress(OSError):  # a service may not write here: it examines at each start
                examine.write_result(kept, result)
        return result

    def find_active(self) -> str:
        """The reference of the model to use: chosen by `unitctl models use`, else by the settings.

        A choice whose model is gone is none.
        """
        return model_files.read_active(self.settings, self.shipped)

    def has_active_changed(self) -> bool:
        """Whether the choice was written anew since the last call (or since the start)."""
        mark = self._read_active_mark()
        changed, self._seen = mark != self._seen, mark
        return changed

    def _read_active_mark(self) -> Mark:
        try:
            facts = model_files.get_active_file(self.settings).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_ino, facts.st_size

    def find_cost(self, digest: str, provider: str, *, mode: str | None = None) -> ModelCost:
        """The cost of a frame and of loading, as measured on this unit, else by the settings.

        `mode`: of a Jetson's power mode or a GPU's limit; None: the newest figure of any.
        """
        found = self._bench.find_cost(digest, provider, mode=mode)
        return found or costs.assume_cost(self.settings)


def rename_card(card: ModelCard, file: ModelFile) -> ModelCard:
    """The card, with the name under which its model is known here."""
    return card if card.name == file.name else replace(card, name=file.name)


__all__ = ["ModelError", "ModelStore", "StoredModel"]
