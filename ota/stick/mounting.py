"""Has PID 1 mount a stick, read-only, and take it off again: this process needs no right for it.

    mounts = Mounts(place)
    mounts.mount(part)
    mounts.unmount()

Reads: nothing. Writes: a mount of the computer, by PID 1.
Never: checks or repairs a file system: on a bad stick that would run as root for long.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.wording.sentence import say
from ota.stick.drives import FILE_SYSTEMS, Part
from ota.stick.errors import StickError
from ota.stick.programs import HUNG, Done, run

OPTIONS = "ro,nosuid,nodev,noexec"
NO_REPLAY = ",noload"  # the journal of ext4 is written also where it is mounted read-only
LIMIT_S, PATIENCE_S = 30, 40.0
# In a transient service of PID 1: in the computer's own mounts, which this process has not.
RUN = (
    *("systemd-run", "--quiet", "--collect", "--wait", "--pipe", "--no-ask-password"),
    *("--description=A USB stick for an update", f"--property=RuntimeMaxSec={LIMIT_S}"),
)


@dataclass(frozen=True, slots=True)
class Mounts:
    """`place`: where a stick is mounted. `run_by`: how root runs a program, others in tests."""

    place: Path
    run_by: tuple[str, ...] = RUN

    def mount(self, part: Part) -> None:
        """Raises `StickError`."""
        if part.kind not in FILE_SYSTEMS:
            raise StickError(tell_unknown(part))
        options = OPTIONS + (NO_REPLAY if part.kind == "ext4" else "")
        done = self._run("mount", "-t", part.kind, "-o", options, str(part.device))
        if done.code or not self.place.is_mount():
            raise StickError(tell_refused(part, done))

    def unmount(self) -> None:
        """Take off what is mounted there; raises `StickError` where that cannot be done."""
        if not self.place.is_mount():
            return
        done = self._run("umount", "--lazy")
        if self.place.is_mount():
            raise StickError(
                say(
                    "the stick cannot be taken off {place} ({said}): pull it out, and restart the "
                    "unit where that does not help",
                    place=self.place,
                    said=done.text,
                )
            )

    def _run(self, *words: str) -> Done:
        return run_program([*self.run_by, *words, str(self.place)], PATIENCE_S)


def run_program(words: list[str], limit_s: float) -> Done:
    """Raises `StickError` where this computer has no such program."""
    try:
        return run(words, limit_s=limit_s)
    except OSError as error:
        raise StickError(
            say(
                "{program} cannot be run ({why}): a stick is mounted by systemd",
                program=words[0],
                why=error.strerror or "",
            )
        ) from error


def tell_unknown(part: Part) -> str:
    known = ", ".join(FILE_SYSTEMS)
    if not part.kind:
        return say(
            "{part} has no file system that is known, or cannot be read: a stick needs one of "
            "{known}",
            part=part.name,
            known=known,
        )
    return say(
        "{part} has the file system {kind}: a stick needs one of {known}",
        part=part.name,
        kind=part.kind,
        known=known,
    )


def tell_refused(part: Part, done: Done) -> str:
    if done.code == HUNG:
        return say("{part} does not answer: plug it in again, or take another one", part=part.name)
    return say(
        "the file system {kind} of {part} cannot be mounted: it is damaged, or this computer does "
        "not know it ({said}); make the stick anew",
        kind=part.kind,
        part=part.name,
        said=done.text or str(done.code),
    )
