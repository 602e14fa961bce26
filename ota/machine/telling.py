"""What the states before the installation say in words. Pure.

Reads and writes: nothing.
Never: decides.
"""

from appliance.model_updates import UpdateStep
from ota.machine.progress import MOST_FAILURES, Progress
from ota.machine.result import Go, Wait
from ota.manifest import ReleaseManifest
from ota.offer import Offer


def tell_pause(manifest: ReleaseManifest) -> Wait:
    """A download that was stopped here, not by the link."""
    release = manifest.release
    return Wait(
        f"the download of release {release} pauses: the unit saves energy, or stops", "energy"
    )


def find_running_sha256(progress: Progress) -> str:
    return progress.running.sha256 if progress.running else ""


def tell_running(progress: Progress) -> str:
    running = progress.running_release
    return f"release {running} runs" if running else "no release is assigned to this unit"


def tell_failures(progress: Progress, offer: Offer) -> str:
    """Why that release is not tried any more; "" where it may be."""
    failure = progress.failures.get(offer.manifest_sha256)
    if failure is None or failure.count < MOST_FAILURES:
        return ""
    return (
        f"release {failure.release} failed here ({failure.reason}) and is not tried again; when "
        f"its cause is mended, `unitctl update retry {failure.release}`"
    )


def tell_rest(progress: Progress, paused: str) -> str:
    """What is so while nothing is to be done. `paused`: the sentence of a rollout that waits."""
    if not paused:
        return f"nothing to do: {tell_running(progress)}"
    running = f"{tell_running(progress)}; " if progress.running_release else ""
    return f"nothing to do: {running}{lower(paused)}"


def tell_dropped(progress: Progress, paused: str) -> Go:
    """An offer that does not stand any more."""
    release = f"release {progress.release}"
    if paused:
        return Go(UpdateStep.IDLE, f"{release} is not taken now: {lower(paused)}")
    return Go(UpdateStep.IDLE, f"{release} was withdrawn")


def lower(sentence: str) -> str:
    """A sentence after a colon."""
    return f"{sentence[:1].lower()}{sentence[1:]}"


def tell_lost_offer(progress: Progress) -> Go:
    return Go(UpdateStep.IDLE, f"the record of release {progress.release} is damaged; asks anew")


def tell_refused_stick(refused: str) -> str:
    """To a technician who stands there with it; a mirror may have answered in its place."""
    return f"; not used was {refused}" if refused else ""
