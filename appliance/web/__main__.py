"""The web service: `python -m appliance.web --settings FILE`.

Reads: the settings, unit.db as a reader. Writes: nothing, not even a sentence about itself.
Never: runs without a viewer when PID 1 holds the socket (appliance-web.socket starts it again).
"""

import sys

from appliance import log, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.process import notify
from appliance.process.service import make_parser
from appliance.sections.network import WebSettings
from appliance.web import server
from appliance.web.app import create_app


def main() -> None:
    """Serve the page on the socket from PID 1, else on the port in the settings.

    Exit codes as for every service (0, 1, 2).
    """
    arguments = make_parser("web", takes_instance=False).parse_args()
    web_log = log.setup("web")
    passed = server.adopt_sockets(notify.take_passed_sockets())
    notifier = notify.Notifier()
    try:
        settings = settings_file.load_settings(arguments.settings)
        app = create_app(settings, settings.make_clock())
        sockets = passed or [server.open_socket(settings.web)]
    except ApplianceError as error:
        print(f"web: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    if passed:
        server.leave_when_idle(app, settings.web.idle_exit_s)
    notifier.set_status(format_sentence(settings.web, bool(passed)))
    web_log.info(format_sentence(settings.web, bool(passed)))
    server.serve(app, sockets, ready=notifier.notify_ready)
    notifier.notify_stopping()
    web_log.info("stopped")


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
