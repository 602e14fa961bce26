"""Root's oneshot that puts proposals of the page in force: `python -m appliance.settings_change`.

PID 1 runs it when the page asks for it (appliance-settings-apply.service), and by a timer that
takes back what was not confirmed.

Reads: the settings, proposals of the page. Writes: the settings file and its history, orders.
Never: does anything that a proposal does not name, or believes what stands in one.
"""

import sys
from pathlib import Path

from appliance import log, settings_file
from appliance.clock import Clock, SystemClock
from appliance.errors import ApplianceError, SettingsError
from appliance.log import SentenceLog
from appliance.process.kept_settings import find_data_dir
from appliance.process.service import find_exit_code, make_parser
from appliance.settings_change import history as kept
from appliance.settings_change.applying import Keeper, Wanted
from appliance.settings_change.errors import ChangeError
from appliance.settings_change.history import Entry
from appliance.settings_change.proposals import DIRECTORY, Proposal, read_proposals

NAME = "settings-apply"


def run(path: Path, clock: Clock, own: SentenceLog) -> None:
    """Take back what is overdue, then carry out each proposal that has no answer yet."""
    keeper = Keeper(path, clock)
    take_back_overdue(keeper, own)
    for found in read_proposals(find_data_dir(path) / DIRECTORY, clock):
        name = found.id if isinstance(found, Proposal) else found[0]
        if keeper.history.read_result(name) is None:
            answer(keeper, found, name, own)


def take_back_overdue(keeper: Keeper, own: SentenceLog) -> None:
    """What cannot be taken back, since its old file is damaged, can still be confirmed."""
    try:
        back = keeper.take_back_overdue()
    except ChangeError as error:
        own.warning(f"a change that nobody confirmed stays: {error}", fault=error.code)
        return
    if back is not None:
        own.warning(f"change {back.number}: {back.why}")


def answer(keeper: Keeper, found: Proposal | tuple[str, str], name: str, own: SentenceLog) -> None:
    """Carry out one proposal, and write what became of it."""
    try:
        if not isinstance(found, Proposal):
            raise ChangeError(found[1])
        entry = carry_out(keeper, found)
    except ApplianceError as error:
        own.warning(f"a change of the settings is refused: {error}", fault=error.code)
        refused = error if isinstance(error, ChangeError) else ChangeError(str(error))
        keeper.history.write_result(name, kept.make_refusal(refused))
        return
    own.info(f"change {entry.number} of the settings by {entry.who}: {', '.join(entry.keys)}")
    keeper.history.write_result(name, kept.make_result(entry.number, entry.said))


def carry_out(keeper: Keeper, proposal: Proposal) -> Entry:
    """A confirmation, a way back, or a new file; raises `ChangeError`."""
    if proposal.confirm:
        return keeper.confirm(proposal.confirm)
    if proposal.back:
        return keeper.take_back(proposal.back, proposal.who, proposal.why)
    return keeper.change(
        Wanted(
            proposal.text,
            proposal.base,
            proposal.who,
            proposal.why,
            proposal=proposal.id,
            from_page=True,
        )
    )


def main(path: Path | None) -> None:
    """Exit codes as for every service."""
    own = log.setup(NAME)
    try:
        run(path or settings_file.find_settings_file(), SystemClock(), own)
    except ApplianceError as error:
        own.warning(str(error), error.message_id, fault=error.code)
        sys.exit(find_exit_code(error) if isinstance(error, SettingsError) else 1)


if __name__ == "__main__":
    main(make_parser(NAME, takes_instance=False).parse_args().settings)
