"""The web service: `python -m appliance.web --settings FILE`.

Reads: the settings, unit.db as a reader. Writes: not even a sentence about itself; access.db, and
orders in the name of the services that take them.
Never: runs without a viewer when PID 1 holds the socket (appliance-web.socket starts it again).
"""

import sys
from dataclasses import replace
from pathlib import Path

from flask import Flask

from appliance import log, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.process import notify
from appliance.process.kept_settings import choose_settings
from appliance.process.service import make_parser
from appliance.sections.network import WebSettings
from appliance.web import server, without_settings
from appliance.web.app import create_app
from appliance.web.event_erasing import finish_at_start

GUARD = "power"  # the service whose copy of the settings it uses where the file is wrong


def main() -> None:
    """Serve the page on the socket from PID 1, else on the port in the settings.

    Exit codes as for every service (0, 1, 2).
    """
    arguments = make_parser("web", takes_instance=False).parse_args()
    web_log = log.setup("web")
    passed = server.adopt_sockets(notify.take_passed_sockets())
    notifier = notify.Notifier()
    try:
        app, settings, sentence = make_app(arguments.settings, passed=bool(passed))
        sockets = passed or server.open_sockets(settings)
    except ApplianceError as error:
        print(f"web: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    if passed:
        server.leave_when_idle(app, settings.idle_exit_s)
    notifier.set_status(sentence)
    web_log.info(sentence)
    server.serve(app, sockets, ready=notifier.notify_ready, alive=notifier.notify_alive)
    notifier.notify_stopping()
    web_log.info("stopped")


def make_app(path: Path | None, *, passed: bool) -> tuple[Flask, WebSettings, str]:
    """The page, or on a socket from PID 1 the one that says what is wrong with the settings."""
    path = path or settings_file.find_settings_file()
    try:
        # Where the file is wrong: those with which the guard goes on.
        settings = choose_settings(path, GUARD, lambda _: ()).settings
    except SettingsError as error:
        if not passed:
            raise
        web = replace(WebSettings(), idle_exit_s=without_settings.IDLE_EXIT_S)
        return without_settings.create_app(path), web, log.redact(str(error))
    clock = settings.make_clock()
    finish_at_start(settings, clock)
    app = create_app(settings, clock)
    if passed and not settings.power_devices:
        server.leave_when_changed(app, settings.path)
    return app, settings.web, format_sentence(settings.web, passed)


def format_sentence(settings: WebSettings, passed: bool) -> str:
    """The sentence of `systemctl status`."""
    if passed:
        return (
            "the page is served on the socket from PID 1, "
            f"until nobody has asked for {settings.idle_exit_s:.0f} s"
        )
    return f"the page is on http://{settings.host}:{settings.port}"


if __name__ == "__main__":
    main()
