"""What the states before the installation say in words. Pure.

Reads and writes: nothing.
Never: decides.
"""

from appliance.model_updates import UpdateStep
from appliance.wording.sentence import say
from ota.machine.progress import MOST_FAILURES, Progress
from ota.machine.result import Go, Wait
from ota.manifest import ReleaseManifest
from ota.offer import Offer


def tell_pause(manifest: ReleaseManifest) -> Wait:
    """A download that was stopped here, not by the link."""
    release = manifest.release
    return Wait(
        say(
            "the download of release {release} pauses: the unit saves energy, or stops",
            release=release,
        ),
        "energy",
    )


def find_running_sha256(progress: Progress) -> str:
    return progress.running.sha256 if progress.running else ""


def tell_running(progress: Progress) -> str:
    running = progress.running_release
    return (
        say("release {running} runs", running=running)
        if running
        else say("no release is assigned to this unit")
    )


def tell_failures(progress: Progress, offer: Offer) -> str:
    """Why that release is not tried any more; "" where it may be."""
    failure = progress.failures.get(offer.manifest_sha256)
    if failure is None or failure.count < MOST_FAILURES:
        return ""
    return say(
        "release {release} failed here ({reason}) and is not tried again; when its cause "
        "is mended, `unitctl update retry {release}`",
        release=failure.release,
        reason=failure.reason,
    )


def tell_rest(progress: Progress, paused: str) -> str:
    """What is so while nothing is to be done. `paused`: the sentence of a rollout that waits."""
    if not paused:
        return say("nothing to do: {running}", running=tell_running(progress))
    running = say("{running}; ", running=tell_running(progress)) if progress.running_release else ""
    return say("nothing to do: {running}{lower}", running=running, lower=lower(paused))


def tell_dropped(progress: Progress, paused: str) -> Go:
    """An offer that does not stand any more."""
    release = say("release {release}", release=progress.release)
    if paused:
        return Go(
            UpdateStep.IDLE,
            say("{release} is not taken now: {lower}", release=release, lower=lower(paused)),
        )
    return Go(UpdateStep.IDLE, say("{release} was withdrawn", release=release))


def lower(sentence: str) -> str:
    """A sentence after a colon."""
    return f"{sentence[:1].lower()}{sentence[1:]}"


def tell_lost_offer(progress: Progress) -> Go:
    return Go(
        UpdateStep.IDLE,
        say("the record of release {release} is damaged; asks anew", release=progress.release),
    )


def tell_refused_stick(refused: str) -> str:
    """To a technician who stands there with it; a mirror may have answered in its place."""
    return say("; not used was {refused}", refused=refused) if refused else ""
