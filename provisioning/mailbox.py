"""A mailbox on this computer: a real SMTP server, and a page that shows what a person would get.

    python -m provisioning.mailbox --smtp 2525 --page 8081 --dir build/run/mailbox

Reads: mails, requests of a browser. Writes: each mail as a file in its directory.
Never: passes a mail on, or listens on anything but loopback.
"""

import argparse
import re
import signal
import threading
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from appliance.parsing.arguments import PATH

NAME = re.compile(r"[0-9]{6}\.eml")
LINK = re.compile(r"(https?://[^\s<]+)")
MOST_SHOWN = 100
HOST = "127.0.0.1"
HEAD = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Mailbox of the demonstration</title>
<style>
body { font: 16px/1.45 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem;
  color-scheme: light dark }
article { border: 1px solid #8886; border-radius: 10px; padding: .8rem 1rem; margin: .8rem 0 }
h2 { font-size: 1.05rem; margin: 0 } .to { opacity: .7; margin: .1rem 0 .5rem }
pre { white-space: pre-wrap; font: inherit; margin: 0; overflow-wrap: anywhere }
img { max-width: 100%; border-radius: 6px; margin-top: .6rem }
</style><h1>What people get</h1>
"""


class Mailbox:
    """The mails, each a file that is named by its number."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Keep one mail."""
        with self._lock:
            number = len(self.list_names()) + 1
            (self._directory / f"{number:06d}.eml").write_bytes(envelope.content)
        return "250 OK"

    def list_names(self) -> list[str]:
        """The newest first."""
        return sorted((path.name for path in self._directory.glob("*.eml")), reverse=True)

    def read(self, name: str) -> EmailMessage | None:
        """One mail; None where there is none of that name."""
        path = self._directory / name
        if not NAME.fullmatch(name) or not path.is_file():
            return None
        found = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def find_picture(self, name: str) -> bytes | None:
        """The first picture in a mail."""
        mail = self.read(name)
        for part in mail.iter_attachments() if mail else ():
            if part.get_content_maintype() == "image":
                data: bytes = part.get_content()
                return data
        return None

    def build_page(self) -> str:
        """All mails, the newest first."""
        names = self.list_names()
        shown = "".join(self._build_article(name) for name in names[:MOST_SHOWN])
        empty = "<p>Nothing yet: an alarm comes when somebody walks through the clip.</p>"
        return f"{HEAD}<p>{len(names)} mails.</p>{shown or empty}"

    def _build_article(self, name: str) -> str:
        mail = self.read(name)
        if mail is None:
            return ""
        body = mail.get_body(("plain", "html"))
        text = escape(str(body.get_content()) if body else "")
        linked = LINK.sub(r'<a href="\1">\1</a>', text)
        came = datetime.fromtimestamp((self._directory / name).stat().st_mtime).astimezone()
        picture = f'<img src="/{name}.jpg" alt="">' if self.find_picture(name) else ""
        return (
            f"<article><h2>{escape(str(mail['Subject']))}</h2>"
            f"<p class=to>to {escape(str(mail['To']))}, {came:%H:%M:%S}</p>"
            f"<pre>{linked.strip()}</pre>{picture}</article>"
        )


def make_handler(box: Mailbox) -> type[BaseHTTPRequestHandler]:
    """The page's server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer("text/html; charset=utf-8", box.build_page().encode())
                return
            data = box.find_picture(self.path.removeprefix("/").removesuffix(".jpg"))
            if data is None:
                self.send_error(404)
            else:
                self._answer("image/jpeg", data)

        def _answer(self, kind: str, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    return Handler


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(prog="mailbox", description="A mailbox on this computer.")
    parser.add_argument("--smtp", type=int, required=True, help="port of its SMTP server")
    parser.add_argument("--page", type=int, required=True, help="port of its page")
    parser.add_argument("--dir", type=PATH, required=True, help="where the mails are kept")
    arguments = parser.parse_args()
    box = Mailbox(arguments.dir)
    controller = Controller(box, hostname=HOST, port=arguments.smtp)
    controller.start()
    server = ThreadingHTTPServer((HOST, arguments.page), make_handler(box))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    controller.stop()


if __name__ == "__main__":
    main()
