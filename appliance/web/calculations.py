"""Calculations of packages above the page, as commands of `unitctl`: bounded, one at a time.

    found = calculations.ask(("energy", "what-if", "--pv-w", "400"))   # the command's JSON

The page imports nothing from above (docs/decisions/0008); the command runs in a process of its own,
whose memory is given back when it ends.

Reads: the command's answer. Writes: nothing.
Never: runs two at once, lets one run without an end, or gives a command words that a shell would
read.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

from appliance.wording.sentence import say
from appliance.wording.sentence_data import AS_DATA, SENTENCES, decode_document

LONGEST_S = 20.0
TURN_S = 3.0  # a request waits so long for the one before it
KEPT_S = 120.0  # an answer is given again for so long
MOST_KEPT = 40
AGAIN_S = 5
MOST_BYTES = 1_000_000

Words = tuple[str, ...]
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[bytes]"]


def run_command(words: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    """`unitctl` with these words, for `LONGEST_S` at most."""
    return subprocess.run(
        [sys.executable, "-m", "appliance", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST_S,
        check=False,
        env={**os.environ, SENTENCES: AS_DATA},
    )


class Calculations:
    """Asks for them, and keeps the newest answers for a while."""

    def __init__(
        self,
        settings: Path,
        run: Run = run_command,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._run = run
        self._now_s = now_s
        self._turn = Lock()
        self._kept: dict[Words, tuple[float, Any]] = {}

    def ask(self, words: Words) -> Any:
        """The JSON that the command prints; raises `ServiceUnavailable` with why there is none."""
        if not self._turn.acquire(timeout=TURN_S):
            raise ServiceUnavailable(
                say("another calculation is under way: ask again in {again_s} s", again_s=AGAIN_S),
                retry_after=AGAIN_S,
            )
        try:
            at, answer = self._kept.get(words, (float("-inf"), None))
            if self._now_s() - at > KEPT_S:
                answer = self._calculate(words)
                self._keep(words, answer)
            return answer
        finally:
            self._turn.release()

    def _calculate(self, words: Words) -> Any:
        name = f"`unitctl {' '.join(words[:2])}`"
        try:
            done = self._run((*words, "--json", "--settings", str(self._settings)))
        except subprocess.TimeoutExpired:
            reason = say(
                "{name} had no answer after {longest_s:.0f} s; type it to see why",
                name=name,
                longest_s=LONGEST_S,
            )
            raise ServiceUnavailable(reason) from None
        except OSError as error:
            raise ServiceUnavailable(
                say("{name} cannot be started ({cause})", name=name, cause=error.strerror)
            ) from error
        if done.returncode:
            raise ServiceUnavailable(read_reason(done, name))
        try:
            return decode_document(json.loads(done.stdout[:MOST_BYTES]))
        except ValueError as error:
            raise ServiceUnavailable(
                say("the answer of {name} cannot be read", name=name)
            ) from error

    def _keep(self, words: Words, answer: Any) -> None:
        self._kept[words] = self._now_s(), answer
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]


def read_reason(done: "subprocess.CompletedProcess[bytes]", name: str) -> str:
    """What the command said on its last line, without the name in front of it."""
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"{name} failed"]
    return lines[-1].removeprefix("unitctl: ")
