"""The actions of `unitctl models`, one function for each.

Reads: the settings and the model store. Writes: standard output; the store, through changes.py.
Never: talks to the inference process: that checks for a new choice by itself.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.opening import load_unit_settings
from appliance.commands.printing import BAD, DIM, GOOD, Line, Section, show, show_json
from appliance.errors import ModelError
from appliance.process.nvml import open_nvml
from appliance.status import model_files
from appliance.status.model_files import ModelFile
from inference.detection.model_card import ModelCard, read_card
from inference.model_store import changes
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.labels import read_labels_file
from inference.model_store.card_making.request import CardMaker
from inference.model_store.costs import Figure, assume_cost, read_figures
from inference.model_store.examine import read_result
from inference.model_store.store import ModelStore, StoredModel

if TYPE_CHECKING:
    from inference.model_store.bench import BenchRun


def open_store(arguments: argparse.Namespace) -> ModelStore:
    return ModelStore(load_unit_settings(arguments))


def list_models(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    entries = [describe_model(store, file) for file in store.list_models()]
    if arguments.json:
        show_json(entries)
    else:
        show(
            [
                Section(
                    f"models in {store.root} and of the software",
                    [format_model(one) for one in entries],
                )
            ]
        )
    return 0


def describe_model(store: ModelStore, file: ModelFile) -> dict[str, Any]:
    """One model as a tree of the list's JSON."""
    users = model_files.list_users(store.settings, store.shipped).get(file.path, [])
    figures = read_figures(model_files.get_bench_file(store.settings))
    own = [one for one in figures if one.sha256 and one.sha256 == file.digest]
    cost = own[-1].cost if own else assume_cost(store.settings)
    card, wrong = find_card(file)
    return {
        "name": file.name,
        "sha256": file.digest,
        "tier": card.tier.value if card else None,
        "licence": card.licence.weights if card else None,
        "per_frame_j": cost.per_frame_j,
        "measured": cost.measured,
        "energy_is": cost.reason,
        "used_by": users,
        "shipped": file.shipped,
        "origin": file.origin,
        "path": str(file.path),
        "wrong": wrong,
        **describe_card(card),
        "size_bytes": measure_bytes(file.path),
        **describe_measurement(own[-1] if own else None),
        "examined_at": find_examined(store, file, card),
    }


def find_card(file: ModelFile) -> tuple[ModelCard | None, str]:
    """Its card, else why there is none that can be used."""
    try:
        return read_card(file.card), ""
    except ModelError as error:
        return None, str(error)


def describe_measurement(figure: Figure | None) -> dict[str, Any]:
    """What measured its cost here, and when; None where nothing has."""
    if figure is None:
        return dict.fromkeys(("provider", "p95_ms", "measured_at"))
    return {"provider": figure.provider, "p95_ms": figure.p95_ms, "measured_at": figure.at}


def find_examined(store: ModelStore, file: ModelFile, card: ModelCard | None) -> str | None:
    """When its examination and trial here ended well; None where it was none, as of one that was
    examined before it was shipped.
    """
    if card is None:
        return None
    result = read_result(store.find_result_file(file), file.path, card)
    return result.at if result else None


def describe_card(card: ModelCard | None) -> dict[str, Any]:
    """What the model can see, and of which size its input is; None where its card is unreadable."""
    return {
        "labels": list(card.classes) if card else None,
        "input": f"{card.input.width}x{card.input.height}" if card else None,
        "decoder": card.decoder if card else None,
    }


def measure_bytes(path: Path) -> int | None:
    """How large its file is; None where it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def format_model(one: dict[str, Any]) -> Line:
    """One model as a line of text."""
    if one["wrong"]:
        return Line(one["name"], one["wrong"], BAD)
    parts = [
        one["sha256"][:12],
        one["tier"],
        one["licence"] or "no licence",
        one["origin"],
        f"{one['per_frame_j']:.3g} J a frame, {one['energy_is']}",
        f"in use: {', '.join(one['used_by'])}" if one["used_by"] else "not in use",
    ]
    return Line(one["name"], " | ".join(parts), GOOD if one["used_by"] else DIM)


def add_model(arguments: argparse.Namespace) -> int:
    maker = make_maker(arguments)
    added = changes.add(open_store(arguments), arguments.file, arguments.card, maker)
    notes = [*maker.notes, *filter(None, [maker.remark])]
    if arguments.json:
        tree = {"name": added.name, "sha256": added.digest, "path": str(added.path)}
        show_json(tree | {"notes": notes})
        return 0
    for note in notes:
        print(f"{'warning' if note == maker.remark else 'card made'}: {note}")
    print(
        f"{added.name} ({added.digest[:12]}, {added.card.licence.weights}) is in the store; "
        f"`unitctl models bench {added.name}` measures what a frame costs, "
        f"`unitctl models use {added.name}` chooses it"
    )
    return 0


def make_maker(arguments: argparse.Namespace) -> CardMaker:
    """What makes a card, with what the owner says of the model; raises `ModelError`."""
    hints = Hints(
        head=arguments.head or "",
        input_order=arguments.input_order or "",
        input_range=arguments.input_range or "",
        resize=arguments.resize or "",
        size=arguments.size,
        labels=read_labels_file(arguments.labels) if arguments.labels else (),
        untried=arguments.untried,
    )
    return CardMaker(hints, name=arguments.name or "", licence=arguments.licence or "")


def print_model(arguments: argparse.Namespace, model: StoredModel, sentence: str) -> int:
    if arguments.json:
        show_json({"name": model.name, "sha256": model.digest, "path": str(model.path)})
    else:
        print(sentence)
    return 0


def verify_models(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    names = (
        [arguments.model] if arguments.model else [str(file.path) for file in store.list_models()]
    )
    answers = [examine_one(store, ref) for ref in names]
    if arguments.json:
        show_json(answers)
    else:
        lines = [Line(one["name"], one["text"], GOOD if one["ok"] else BAD) for one in answers]
        show([Section("examination", lines)])
    return 0 if all(one["ok"] for one in answers) else 1


def examine_one(store: ModelStore, ref: str) -> dict[str, Any]:
    """Examine one model; a refusal is an answer too."""
    try:
        found = changes.verify(store, ref)
    except ModelError as error:
        return {
            "name": ref.rpartition("/")[2].removesuffix(".onnx"),
            "ok": False,
            "text": str(error),
        }
    return {"name": found.name, "ok": True, "text": f"sound, sha256 {found.digest[:12]}"}


def remove_model(arguments: argparse.Namespace) -> int:
    gone = changes.remove(open_store(arguments), arguments.model)
    if arguments.json:
        show_json({"name": gone.name, "sha256": gone.digest})
    else:
        print(f"{gone.name} ({gone.digest[:12]}) is removed")
    return 0


def use_model(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    if arguments.default:
        ref = changes.use_default(store)
        print(f"inference uses {ref}, as the settings say, from its next cycle on")
        return 0
    found = changes.use(store, arguments.model)
    return print_model(
        arguments,
        found,
        f"inference uses {found.name} ({found.digest[:12]}) from its next cycle on; "
        "`unitctl models use --default` goes back to the settings",
    )


def bench_model(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    figure = run_bench(store, store.find(arguments.model or store.find_active()), arguments.seconds)
    changes.keep_figure(store, figure)
    if arguments.json:
        show_json(changes.make_figure_tree(figure))
    else:
        show([Section(f"{figure.name} on {figure.machine}", format_figure(figure))])
    return 0


def run_bench(store: ModelStore, model: StoredModel, seconds: float) -> Figure:
    """Run a model and measure it; raises `ModelError` where it fails."""
    from inference.detection.detector import OnnxDetector  # noqa: PLC0415  (OpenCV is not needed for a list)
    from inference.model_store import bench, machine, meters  # noqa: PLC0415

    own = store.settings.inference
    detector = OnnxDetector(
        model.path, threads=own.threads, floor=own.threshold, labels=model.card.classes
    )
    nvml = open_nvml()
    found = meters.open_meters(nvml)
    try:
        tools = bench.Instruments(found, store.settings.computer.core_w)
        run = bench.measure(detector, seconds, tools)
    finally:
        for meter in found:
            meter.close()
    mode = machine.read_power_mode(detector.provider, nvml)
    return make_figure(
        model, run, provider=detector.provider, mode=mode, machine=machine.describe_machine(nvml)
    )


def make_figure(
    model: StoredModel, run: "BenchRun", *, provider: str, mode: str, machine: str
) -> Figure:
    """The results of a bench run, as they are stored."""
    return Figure(
        sha256=model.digest,
        name=model.name,
        provider=provider,
        mode=mode,
        measured=bool(run.meter),
        per_frame_j=run.per_frame_j,
        load_j=run.load.energy_j,
        load_s=run.load.took_s,
        frames=run.frames,
        cpu_ms=run.cpu_ms,
        median_ms=run.median_ms,
        p95_ms=run.p95_ms,
        meter=run.meter,
        machine=machine,
        at=f"{datetime.now(UTC):%FT%TZ}",
    )


def format_figure(figure: Figure) -> list[Line]:
    cost = figure.cost
    return [
        Line("a frame", f"{figure.per_frame_j:.3g} J, {cost.reason}"),
        Line("processor", f"{figure.cpu_ms:.1f} ms a frame"),
        Line("latency", f"median {figure.median_ms:.1f} ms, 95 % within {figure.p95_ms:.1f} ms"),
        Line("load", f"{figure.load_s:.2f} s, {figure.load_j:.3g} J"),
        Line("provider", f"{figure.provider}{f', {figure.mode}' if figure.mode else ''}"),
        Line("frames", str(figure.frames)),
    ]
