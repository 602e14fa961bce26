"""Changes of the model store: adding, removing, choosing, examining and measuring a model.

Reads: what is added. Writes: the store; each step is whole or not done at all.
Never: runs in a service; a technician's command or an update calls it.
"""

from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import ModelError
from appliance.status import model_files
from appliance.status.model_files import ModelFile
from appliance.store.durable_files import sync_directory
from appliance.wording.sentence import say
from inference.detection.model_card import ModelCard, compute_digest, read_card, require_digest
from inference.model_store import examine
from inference.model_store.card_making.request import CardMaker
from inference.model_store.costs import Figure, read_figures, replace_figure
from inference.model_store.directories import (
    make_dir,
    remove_dir,
    replace_json,
    staging,
    writing,
)
from inference.model_store.intake import copy_model
from inference.model_store.licences import require_licence
from inference.model_store.store import ModelStore, StoredModel, rename_card

DIGITS = 16  # of a digest, in a directory's name


def add(
    store: ModelStore, source: Path, card: Path | None = None, maker: CardMaker | None = None
) -> StoredModel:
    """Bring a model (or a pack of model and card) into the store; raises `ModelError`.

    It is copied first, and the copy is examined: a change of `source` meanwhile has no effect.
    `maker` makes the card where there is none.
    """
    maker = maker or CardMaker()
    with writing(store.root), staging(store.root) as fresh:
        model = copy_model(source, card, target=fresh, maker=maker)
        found = read_card(model.with_suffix(".json"))
        require_digest(source, compute_digest(model), found)
        require_new(store, found)
        allowed = store.settings.inference.licences
        require_licence(found, named=(), allowed=allowed)
        result = store.examination(model, found)
        require_licence(found, named=result.strict_licences, allowed=allowed)
        if not maker.notes:
            maker.remark = result.remark
        examine.write_result(fresh / "verdict.json", result)
        sync_directory(fresh)
        home = store.root / found.sha256[:DIGITS]
        fresh.rename(home)
        sync_directory(store.root)
        return StoredModel(found.name, home / model.name, found, shipped=False)


def require_new(store: ModelStore, card: ModelCard) -> None:
    """Raise `ModelError` where the model, or another one of its name, is there already."""
    for one in store.list_models():
        if one.digest == card.sha256:
            raise ModelError(
                say(
                    "the model {name} ({sha256}) is here already; to change its card, `unitctl "
                    "models remove {name}` first",
                    name=one.name,
                    sha256=card.sha256[:12],
                )
            )
        if one.name == card.name:
            raise ModelError(
                say(
                    "another model is called {card} ({digest}); give this one another name in "
                    "its card, or remove that one",
                    card=card.name,
                    digest=one.digest[:12],
                )
            )
    home = store.root / card.sha256[:DIGITS]
    if home.exists():
        raise ModelError(
            say("{home} is in the way and holds no sound model; remove it by hand", home=home)
        )


def remove(store: ModelStore, ref: str) -> ModelFile:
    """Take a model out of the store; raises `ModelError`, also where somebody uses it."""
    file = store.lookup(ref)
    if file.shipped:
        raise ModelError(say("the model {file} comes with the software and stays", file=file.name))
    if file.path.parent.parent != store.root:
        raise ModelError(say("{path} is not in the store; delete the file itself", path=file.path))
    used = model_files.list_users(store.settings, store.shipped).get(file.path)
    if used:
        raise ModelError(
            say(
                "the model {file} is in use ({used}); name another one there first",
                file=file.name,
                used=", ".join(used),
            )
        )
    with writing(store.root):
        remove_dir(file.path.parent)
    return file


def use(store: ModelStore, ref: str) -> StoredModel:
    """Choose the model that inference uses from its next cycle on; raises `ModelError`."""
    found = store.find(ref)
    if found.card.decoder == "classes":
        raise ModelError(
            say(
                "the model {found} classifies and finds nothing: name it as `classify` of a zone",
                found=found.name,
            )
        )
    found.card.find_class_numbers(store.settings.inference.labels)
    if not found.shipped and found.path.parent.parent != store.root:
        raise ModelError(
            say("{path} is not in the store; `unitctl models add` it first", path=found.path)
        )
    tree = {"model": found.name, "sha256": found.digest, "at": f"{datetime.now(UTC):%FT%TZ}"}
    with writing(store.root):
        replace_json(model_files.get_active_file(store.settings), tree)
    return found


def use_default(store: ModelStore) -> str:
    """Let the settings choose again; returns what they choose. Raises `ModelError`."""
    with writing(store.root):
        model_files.get_active_file(store.settings).unlink(missing_ok=True)
        sync_directory(store.root)
    return store.settings.inference.model


def verify(store: ModelStore, ref: str) -> StoredModel:
    """Examine a model anew, whatever was found before; raises `ModelError`."""
    file = store.lookup(ref)
    card = rename_card(read_card(file.card), file)
    require_digest(file.path, compute_digest(file.path), card)
    result = store.examination(file.path, card)
    require_licence(card, named=result.strict_licences, allowed=store.settings.inference.licences)
    if not file.shipped:
        with writing(store.root):
            kept = store.find_result_file(file)
            make_dir(kept.parent)
            examine.write_result(kept, result)
    return StoredModel(file.name, file.path, card, file.shipped)


def keep_figure(store: ModelStore, figure: Figure) -> None:
    """Store the measured cost of a model; raises `ModelError`."""
    path = model_files.get_bench_file(store.settings)
    with writing(store.root):
        figures = replace_figure(read_figures(path), figure)
        replace_json(path, {"figures": [make_figure_tree(one) for one in figures]})


def make_figure_tree(figure: Figure) -> dict[str, object]:
    return {name: getattr(figure, name) for name in Figure.__annotations__}
