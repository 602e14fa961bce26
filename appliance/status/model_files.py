"""Which detection models there are on this unit, and which of them a reference means.

Reads: the names of the files in the store, in the releases' trees and in the shipped directories,
the digests in their cards, active.json. Writes: nothing.
Never: opens a model; inference/model_store says whether one may be used.

A reference is a path (it has a slash, or ends in .onnx; it is taken from the directory of the
settings file), a name, or the first digits of a digest.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError, ModelError
from appliance.parsing.nearest import advise
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.strict_json import InputError, parse_object, show
from appliance.wording.sentence import say

# What comes with the system's image, and what comes with the software itself.
SHIPPED = (
    Path("/usr/share/appliance/models"),
    Path(__file__).resolve().parents[2] / "inference" / "models",
)
SUFFIX = ".onnx"
DIGITS = re.compile(r"[0-9a-f]{6,64}")
STORE_ENTRY = "[0-9a-f]" * 16  # a directory of the store: the first digits of its model's digest
MOST_JSON_BYTES = 1_000_000


class ModelFileError(ApplianceError):
    """A file that says which model is used, or what one costs, is damaged; it counts as absent."""

    code = "model-file"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on this unit. `digest` is the one in its model card, "" where that cannot be read.

    `shipped`: with the software or a release, so that it was examined before. `release`: the one
    that brought it, "" where its name is lost, None where none did.
    """

    name: str
    path: Path
    digest: str
    shipped: bool
    release: str | None = None

    @property
    def origin(self) -> str:
        """Who answers for it, in words."""
        if self.release is not None:
            return (
                say("signed by release {release}", release=self.release)
                if self.release
                else say("signed by a release")
            )
        return say("of the software") if self.shipped else say("own, not signed")

    @property
    def card(self) -> Path:
        return self.path.with_suffix(".json")


def get_store_dir(settings: Settings) -> Path:
    """Directory of added models: DIGEST/NAME.onnx, its card, and what was found out about it."""
    return settings.unit.data_dir / "models"


def get_active_file(settings: Settings) -> Path:
    """Says which model `unitctl models use` chose; there is none while the settings choose."""
    return get_store_dir(settings) / "active.json"


def get_bench_file(settings: Settings) -> Path:
    """What the models of this unit were measured to cost."""
    return get_store_dir(settings) / "bench.json"


def list_models(settings: Settings, shipped: Sequence[Path] = SHIPPED) -> list[ModelFile]:
    """All models that have a name: the owner's first, so that theirs are found before others, then
    those of releases.
    """
    found = [*list_files(get_store_dir(settings), f"{STORE_ENTRY}/*{SUFFIX}", shipped=False)]
    found += list_released(settings.update.dir)
    for directory in shipped:
        found += list_files(directory, f"*{SUFFIX}", shipped=True)
    first = {(one.name, one.digest): one for one in reversed(found)}
    return [one for one in found if first[one.name, one.digest] is one]


def list_files(directory: Path, pattern: str, *, shipped: bool) -> Iterator[ModelFile]:
    for path in sorted(directory.glob(pattern)):
        yield ModelFile(path.stem, path, read_stated_digest(path), shipped)


def list_released(update_dir: Path) -> Iterator[ModelFile]:
    """Models that came as signed layers: of each pointer the tree in use, else the committed one.

    A pointer that leads out of the content is passed over; `unitctl update status` tells it.
    """
    content = (update_dir / "content").resolve()
    for pointers in sorted(update_dir.glob("pointers/models/*")):
        trees = [(pointers / name).resolve() for name in ("current", "committed")]
        tree = next((one for one in trees if one.parent == content and one.is_dir()), None)
        if tree is not None:
            release = read_json(update_dir / "pointers/origins.json").get(tree.name, "")
            for file in list_files(tree, f"*{SUFFIX}", shipped=True):
                yield replace(file, release=str(release))


def read_stated_digest(model: Path) -> str:
    """The digest in a model's card; "" where it says none."""
    stated = read_json(model.with_suffix(".json")).get("sha256")
    return stated if isinstance(stated, str) else ""


def find_model(settings: Settings, ref: str, shipped: Sequence[Path] = SHIPPED) -> ModelFile:
    """The model that `ref` means; raises `ModelError`. A path may lead to nothing yet."""
    models = list_models(settings, shipped)
    if "/" in ref or ref.endswith(SUFFIX):
        path = (settings.path.parent / ref).resolve()
        at_home = [one for one in models if one.path.resolve() == path]
        return (
            at_home[0]
            if at_home
            else ModelFile(path.stem, path, read_stated_digest(path), shipped=False)
        )
    found = [one for one in models if one.name == ref] or find_by_digest(models, ref)
    if not found:
        raise ModelError(
            say(
                "there is no model {ref} on this unit; {advice}",
                ref=show(ref),
                advice=advise_on_name(models, ref),
            )
        )
    return found[0]


def find_by_digest(models: list[ModelFile], ref: str) -> list[ModelFile]:
    """The models whose digest begins with `ref`; raises `ModelError` where they are several."""
    found = [one for one in models if DIGITS.fullmatch(ref) and one.digest.startswith(ref)]
    if len({one.digest for one in found}) > 1:
        names = ", ".join(one.name for one in found)
        raise ModelError(
            say(
                "the digest {ref} fits several models ({names}); give more of its digits",
                ref=ref,
                names=names,
            )
        )
    return found


def advise_on_name(models: list[ModelFile], ref: str) -> str:
    """The nearest name, or all."""
    names = list(dict.fromkeys(one.name for one in models))
    if not names:
        return say("there is none at all: install the unit's software again")
    return advise(
        ref,
        names,
        say("there are: {names}; `unitctl models add FILE` adds one", names=", ".join(names)),
    )


def read_active(settings: Settings, shipped: Sequence[Path] = SHIPPED) -> str:
    """The reference of the model to be used: the one chosen by command, else by the settings.

    A choice that cannot be read, or whose model is gone, is none.
    """
    chosen = read_json(get_active_file(settings)).get("sha256")
    if isinstance(chosen, str) and any(
        one.digest == chosen for one in list_models(settings, shipped)
    ):
        return chosen
    return settings.inference.model


def list_references(settings: Settings, shipped: Sequence[Path] = SHIPPED) -> dict[str, str]:
    """Who uses which model: where that is set, and the reference given there."""
    own = settings.inference
    in_force = read_active(settings, shipped)
    stated = {"[inference] model": own.model}
    if in_force != own.model:
        stated["unitctl models use"] = in_force
    stated["[inference] sun_model"] = own.sun_model
    stated |= {f"[camera.{name}] model": camera.model for name, camera in settings.camera.items()}
    stated |= {
        f"[camera.{name}.zone.{place}] classify": zone.classify
        for name, camera in settings.camera.items()
        for place, zone in camera.zone.items()
    }
    return {where: ref for where, ref in stated.items() if ref}


def list_users(settings: Settings, shipped: Sequence[Path] = SHIPPED) -> dict[Path, list[str]]:
    """Who uses each model that is used, by its path."""
    by_path: dict[Path, list[str]] = {}
    for where, ref in list_references(settings, shipped).items():
        with suppress(ModelError):
            by_path.setdefault(find_model(settings, ref, shipped).path, []).append(where)
    return by_path


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a small file; empty where there is none that can be read."""
    try:
        return parse_json_file(path)
    except (OSError, InputError):
        return {}


def parse_json_file(path: Path) -> dict[str, Any]:
    """The JSON object in a small file; raises `OSError` or `InputError`."""
    return parse_object(read_small_file(path, MOST_JSON_BYTES), most_bytes=MOST_JSON_BYTES)


def find_damage(settings: Settings) -> ModelFileError | None:
    """The first of the store's own files that is there and cannot be read, and what to do."""
    advice = {
        get_active_file(settings): say(
            "the settings choose the model; `unitctl models use` mends it"
        ),
        get_bench_file(settings): say("costs are assumed; `unitctl models bench` mends it"),
    }
    for path, text in advice.items():
        with suppress(FileNotFoundError):
            if what := describe_damage(path, path.stat().st_mtime_ns):
                return ModelFileError(
                    say(
                        "{path} cannot be read ({what}) and is not used: {text}",
                        path=path,
                        what=what,
                        text=text,
                    )
                )
    return None


@lru_cache(maxsize=8)
def describe_damage(path: Path, mtime_ns: int) -> str:  # noqa: ARG001  (a changed file is read anew)
    """Why a file cannot be read; "" where it can."""
    try:
        parse_json_file(path)
    except (OSError, InputError) as error:
        return str(error)
    return ""
