"""Examination of a model in a child process; the result is stored beside the model.

Reads: the child's answer, results beside the models. Writes: results (verdict.json).
Never: imports `onnx`, and never takes a child that died, or gave no answer, for a success.
"""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.status.model_files import MOST_JSON_BYTES, read_json
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import say
from appliance.wording.sentence_data import decode_sentence
from inference.detection.model_card import ModelCard
from inference.model_store.directories import replace_json
from inference.model_store.limits import LIMITS, MIB, TrialLimits

RULES = 1  # of safety.py and trial.py together: another number makes old results void


@dataclass(frozen=True, slots=True)
class ExaminationResult:
    """A model was examined and is safe to load. `strict_licences`: those that it names.

    `remark` is what its trial says against its card; it is told once and not stored.
    """

    sha256: str
    card_sha256: str
    strict_licences: tuple[str, ...]
    at: str
    remark: str = ""


def examine(model: Path, card: ModelCard, limits: TrialLimits = LIMITS) -> ExaminationResult:
    """Examine a model with its card beside it; raises `ModelError` where it is refused."""
    words = [str(model), str(model.with_suffix(".json"))]
    answer = ask_child("inference.model_store.trial", words, limits)
    refused = answer.get("refused")
    licences = answer.get("licences")
    if refused or not isinstance(licences, list):
        text = decode_sentence(str(refused or say("could not be examined; try again")))
        raise ModelError(
            text
            if text.startswith("the model")
            else say("the model {model} {text}", model=model.stem, text=text)
        )
    return ExaminationResult(
        card.sha256,
        compute_card_digest(model),
        tuple(licences),
        f"{datetime.now(UTC):%FT%TZ}",
        str(answer.get("remark") or ""),
    )


def compute_card_digest(model: Path) -> str:
    """The digest of the card beside a model: a result is valid for that card alone."""
    return hashlib.sha256(model.with_suffix(".json").read_bytes()).hexdigest()


def ask_child(module: str, arguments: Sequence[str], limits: TrialLimits) -> dict[str, Any]:
    """The child's answer; a child that died is an answer as well."""
    # -P: a file `onnx.py` in the caller's directory must not be imported.
    words = [sys.executable, "-P", "-m", module, *arguments]
    words += [str(limits.memory_bytes), str(limits.cpu_s)]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.wall_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {
            "refused": say(
                "took more than {wall_s:g} s to try; choose a smaller one", wall_s=limits.wall_s
            )
        }
    except OSError as error:
        raise ModelError(
            say(
                "the model could not be examined: {cause}; make room in memory and try again",
                cause=error.strerror,
            )
        ) from error
    if done.returncode:
        return {"refused": explain_exit(done.returncode, limits)}
    return parse_answer(done.stdout)


def parse_answer(output: bytes) -> dict[str, Any]:
    """The last line of the child's output; libraries may have printed before."""
    try:
        last = (output.splitlines() or [b""])[-1]
        return parse_object(last, most_bytes=MOST_JSON_BYTES)
    except InputError:
        return {}


def explain_exit(code: int, limits: TrialLimits) -> str:
    """Why a child ended without an answer."""
    if -code == signal.SIGXCPU:
        return say(
            "takes more than {cpu_s} s of processor time to load; choose a smaller one",
            cpu_s=limits.cpu_s,
        )
    name = signal.Signals(-code).name if code < 0 else say("exit code {code}", code=code)
    return say(
        "ended its trial with {name}, with {memory_mib:.0f} MiB of memory; choose a "
        "smaller one, or export it again",
        name=name,
        memory_mib=limits.memory_bytes / MIB,
    )


def read_result(file: Path, model: Path, card: ModelCard) -> ExaminationResult | None:
    """The result in `file`, if it is of the present rules, this model and this card."""
    tree, of_card = read_json(file), compute_card_digest(model)
    about = [tree.get(key) for key in ("rules", "sha256", "card_sha256")]
    licences = tree.get("told")
    if about != [RULES, card.sha256, of_card] or not isinstance(licences, list):
        return None
    return ExaminationResult(
        card.sha256, of_card, tuple(str(one) for one in licences), str(tree.get("at"))
    )


def write_result(file: Path, result: ExaminationResult) -> None:
    """Write a result; raises `OSError`."""
    tree = {
        "rules": RULES,
        "sha256": result.sha256,
        "card_sha256": result.card_sha256,
        "told": result.strict_licences,
        "at": result.at,
    }
    replace_json(file, tree)
