"""A real SMTP server on loopback, aiosmtpd's: logins, TLS, recipients that it refuses.

with run_mail_server(password="secret") as server:
    ...                     # mailto://unit:secret@127.0.0.1:PORT
server.mails                # parsed, each with its envelope's recipients
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from provisioning.free_ports import find_free_port
from tests.stand_ins.certificates import Certificate


@dataclass
class MailServer:
    """`refused`: recipients that it does not know. `answer`: to a whole message, None for yes."""

    port: int
    password: str = "secret"
    refused: frozenset[str] = frozenset()
    answer: str | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's names)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer is not None:
            return self.answer
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _kind: str, login: LoginPassword
    ) -> AuthResult:
        good = login.password == self.password.encode()
        return AuthResult(success=good, handled=good)


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 5.0).close()


@contextmanager
def run_mail_server(
    certificate: Certificate | None = None, *, begins_with_tls: bool = False, **options: Any
) -> Iterator[MailServer]:
    """With a certificate it takes no login before STARTTLS, or speaks TLS from the first byte."""
    server = MailServer(find_free_port(), **options)
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        authenticator=server.authenticate,
        auth_required=True,
        auth_require_tls=context is not None and not begins_with_tls,
        tls_context=None if begins_with_tls else context,
        require_starttls=context is not None and not begins_with_tls,
        ssl_context=context if begins_with_tls else None,
    )
    # Its start connects once, and would check its own certificate.
    controller._trigger_server = lambda: connect(server.port)  # type: ignore[method-assign]
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
