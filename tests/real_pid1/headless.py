"""A touchscreen for the kiosk's unit where there is none: drawn in memory, without a console.

Reads: nothing. Writes: a drop-in's text; in the container, a display as the kernel shows one.
"""

from tests.real_pid1.container import Container

DISPLAYS = "/srv/displays"
WANTED = f"/opt/appliance/venv/bin/python -m appliance.actuators.kiosk_wanted --displays {DISPLAYS}"
# `browser`: its program, which must be there.
HEADLESS = f"""[Unit]
ConditionPathExists=
ConditionPathExists=/usr/bin/cage
ConditionPathExists=/usr/bin/{{browser}}
[Service]
ExecCondition=
ExecCondition=+{WANTED} --settings /etc/appliance/unit.toml
StandardInput=null
TTYPath=
TTYReset=no
TTYVHangup=no
ExecStartPost=
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1
Environment=WLR_RENDERER=pixman LIBGL_ALWAYS_SOFTWARE=1
"""


def connect_display(container: Container) -> None:
    """One that is plugged in."""
    status = container.path(DISPLAYS) / "card0-HDMI-A-1/status"
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text("connected\n")
