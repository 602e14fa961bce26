"""Sends the unit's reports to the fleet's server, each once and in their order.

    ReportSender(server, SentFile(files, directory)).send(report)

Reads and writes: the network, and what sent.py keeps.
Never: sends a newer report before one that got no answer.
"""

from dataclasses import dataclass

from appliance.wording.sentence import say
from ota.errors import LinkError, RefusedError
from ota.reporting.sent import SentFile, SignedReport
from ota.reporting.server import FleetServer

PATH = "api/v1/reports"


@dataclass(frozen=True, slots=True)
class ReportSender:
    server: FleetServer
    sent: SentFile

    def send_waiting(self) -> None:
        """The one that got no answer, if any. Raises `LinkError`, `RefusedError`, `OSError`."""
        waiting = self.sent.read_waiting()
        if waiting is not None:
            self._deliver(waiting)

    def send(self, report: SignedReport) -> None:
        """The newest one. Where the link fails it waits, unless an older one does already: the
        fleet learns all of it from the next one. Raises as `send_waiting`.
        """
        if self.sent.read_waiting() is not None:
            raise LinkError(
                say(
                    "an older report waits for the fleet's server; the new one is written, and "
                    "is sent after it"
                ),
                "fleet-link",
            )
        self.sent.keep_waiting(report)
        self._deliver(report)

    def _deliver(self, report: SignedReport) -> None:
        try:
            answer = self.server.post(PATH, report.data, {"Report-Signature": report.signature})
        except RefusedError:
            self.sent.drop_waiting()  # the same bytes would be refused again
            raise
        if answer.get("sha256") != report.sha256:
            raise LinkError(
                say(
                    "{address} does not acknowledge the report: it is no fleet's server, or a "
                    "portal on the way has answered; it is sent again with the next check-in",
                    address=self.server.address,
                ),
                "fleet-link",
            )
        self.sent.note_acknowledged(report)
