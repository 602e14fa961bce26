"""What a DDI server is told of its action, by what director, journal and engine say. Pure.

    find_end(action, progress)               # the end that the journal shows, None: none yet
    find_state(action, asked, progress, wait)

The server only chooses when: an action is followed where the release that it names is the one that
the signed metadata mean for this unit.

In: the action, what trust said, `Progress`, `Wait`. Out: a `Feedback`.
Never: tells a success before COMMIT was done, or the end of a release for a mirror's fault.
"""

from dataclasses import dataclass

from appliance.model_updates import UpdateStep
from appliance.wording.sentence import say
from ota.ddi.action_file import Action
from ota.ddi.feedback import PROCEEDING, Feedback, fail, reject, succeed
from ota.errors import TrustError, UpdateError
from ota.machine.engine import UNTOUCHED
from ota.machine.progress import MOST_FAILURES, Progress
from ota.machine.result import Wait
from ota.offer import Offer
from ota.trust.assignment import Answer

# What is wrong with the release or its assignment: no other mirror and no waiting mends it.
OF_THE_RELEASE = frozenset(
    (
        "release-unknown",
        "release-differs",
        "wrong-release",
        "wrong-machine",
        "below-ratchet",
        "manifest-invalid",
        "manifest-too-large",
        "assignment-invalid",
    )
)
NOT_FOR_THIS_UNIT = frozenset(("nothing-assigned", "assignment-over"))
RUNS_ALREADY = "runs-already"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the signed metadata said when they were asked last; all None: they were not asked."""

    offer: Offer | None = None
    answer: Answer | None = None
    error: UpdateError | None = None


def is_under_way(progress: Progress) -> bool:
    return progress.step is not UpdateStep.IDLE


def is_untouched(progress: Progress) -> bool:
    """Whether what is under way can still be dropped: nothing that runs was changed."""
    return progress.step in UNTOUCHED


def names(action: Action, release: str, sha256: str) -> bool:
    """Whether the action means that release, with the manifest of that hash."""
    named = action.deployment
    return release in named.releases and named.manifest_sha256 in ("", sha256)


def find_end(action: Action, progress: Progress) -> Feedback | None:
    """The end of an action as the journal shows it: also after a cut, in any later check-in."""
    if not action.sha256:
        return None
    running = progress.running
    is_kept = running is not None and running.sha256 == action.sha256
    if is_kept and progress.step is not UpdateStep.COMMIT:
        return succeed(
            say("release {running_release} is committed", running_release=progress.running_release)
        )
    if progress.count_failures(action.sha256) > action.failures:
        failure = progress.failures[action.sha256]
        return fail(
            "failed",
            say(
                "release {release} failed: {reason}", release=failure.release, reason=failure.reason
            ),
        )
    return None


def find_state(action: Action, asked: Asked, progress: Progress, wait: Wait) -> Feedback | None:
    """What is to be told of an open action now; None where nothing is known."""
    if is_under_way(progress):
        return find_state_under_way(action, progress, wait)
    if asked.error is not None:
        return judge_error(asked.error)
    if asked.answer is not None:
        return judge_answer(action, asked.answer, progress)
    return judge_offer(action, asked.offer, progress, wait) if asked.offer is not None else None


def find_state_under_way(action: Action, progress: Progress, wait: Wait) -> Feedback:
    if progress.sha256 != action.sha256:
        text = say(
            "release {release} is under way, which this server did not deploy",
            release=progress.release,
        )
        return reject("other-release", text)
    if wait.waits_for:
        return reject(wait.waits_for, wait.reason)
    return Feedback(PROCEEDING, progress.step.value, wait.reason)


def judge_error(error: UpdateError) -> Feedback:
    is_final = isinstance(error, TrustError) and error.reason_code in OF_THE_RELEASE
    return (fail if is_final else reject)(error.reason_code, str(error))


def judge_answer(action: Action, answer: Answer, progress: Progress) -> Feedback:
    """Nothing is to be done, by the director."""
    if answer.reason_code != RUNS_ALREADY:
        judge = fail if answer.reason_code in NOT_FOR_THIS_UNIT else reject
        return judge(answer.reason_code, answer.text)
    running = progress.running
    if running is not None and names(action, running.release, running.sha256):
        return succeed(answer.text)
    return fail("other-release", say("{text} {named}", text=answer.text, named=tell_named(action)))


def judge_offer(action: Action, offer: Offer, progress: Progress, wait: Wait) -> Feedback | None:
    """A release is meant for this unit, and is not under way."""
    release, sha256 = offer.manifest.release, offer.manifest_sha256
    if release not in action.deployment.releases:
        text = say(
            "The director means release {release} for this unit. {named}",
            release=release,
            named=tell_named(action),
        )
        return fail("other-release", text)
    if not names(action, release, sha256):
        text = say(
            "the server's manifest of release {release} is not the one that was signed",
            release=release,
        )
        return fail("manifest-differs", text)
    if progress.count_failures(sha256) >= MOST_FAILURES:
        return fail("failed-before", wait.reason)
    return reject(wait.waits_for, wait.reason) if wait.waits_for else None


def tell_named(action: Action) -> str:
    releases = ", ".join(action.deployment.releases) or "none"
    return say("The server deploys {releases}.", releases=releases)
