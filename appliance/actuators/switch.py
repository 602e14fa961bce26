"""Switches one load: `python -m appliance.actuators.switch on|off NAME`, run by PID 1.

Reads: [switch.NAME] of the settings. Writes: the switch's file, its command, or a magic packet.
Never: passes a command through a shell, creates a missing file, or reports a load as on that does
not read back as on.

`off` without a name switches all of them off: after a boot PID 1 assumes that they are.
"""

import argparse
import os
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from appliance.actuators.errors import SwitchError
from appliance.actuators.oneshot import perform
from appliance.actuators.used_settings import choose_for_all, choose_settings, make_unknown
from appliance.errors import SettingsError
from appliance.parsing.arguments import PATH
from appliance.parsing.small_file import read_word
from appliance.process.settings_checks import SettingsFinding
from appliance.sections.loads import SwitchKind, SwitchSettings
from appliance.settings import Settings
from appliance.wording.sentence import join_sentences, say
from appliance.wording.shorten import shorten

READ_ERRORS_BYTES, MOST_PRINTED = 4096, 300
COMMAND_S = 15.0  # PID 1 gives a switch 20 s to go off
MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")
EVERYBODY = ("255.255.255.255", 9)  # the local network; 9 is the port of discard
PACKETS = 3  # a datagram may be lost, and a second one does no harm
LATE_FILES_S = 10  # so long all loads wait at boot for one that cannot be switched off
NO_COMMAND = ("", "0", "1")  # the defaults of `on` and `off`


def switch(name: str, on: bool, settings: Settings) -> str:
    """Switch the load `name`; returns what was done, raises `SwitchError` or `SettingsError`."""
    known = settings.switch
    if name not in known:
        raise make_unknown(settings, name)
    way = {
        SwitchKind.FILE: switch_by_file,
        SwitchKind.COMMAND: switch_by_command,
        SwitchKind.WAKE_ON_LAN: switch_by_network,
    }
    return way[known[name].kind](name, on, known[name])


def check_settings(settings: Settings) -> Iterator[SettingsFinding]:
    """What switching would refuse, as findings: a path, a command or an address that is missing."""
    for name, own in settings.switch.items():
        for key, attempt in list_requirements(name, own):
            try:
                attempt()
            except SettingsError as error:
                yield SettingsFinding(
                    ("switch", name, key), say("cannot be used: {error}", error=error)
                )
    yield from find_shared_files(settings)


def find_shared_files(settings: Settings) -> Iterator[SettingsFinding]:
    """Switches that write the same file: one would be on whenever the other should be off."""
    known: dict[str, str] = {}
    for name, own in settings.switch.items():
        if own.kind is SwitchKind.FILE and own.path is not None:
            first = known.setdefault(os.path.realpath(own.path), name)
            if first != name:
                yield SettingsFinding(
                    ("switch", name, "path"),
                    say(
                        "is that of [switch.{first}]: give each a file of its own, or make one "
                        "of the two",
                        first=first,
                    ),
                )


def list_requirements(name: str, own: SwitchSettings) -> Iterator[tuple[str, Callable[[], object]]]:
    """What each kind of switch needs: the setting, and what raises `SettingsError` without it."""
    if own.kind is SwitchKind.FILE:
        yield "path", partial(require_path, name, own)
        yield "off", partial(require_words, name, own)
    if own.kind is SwitchKind.COMMAND:
        yield "on", partial(split_command, name, "on", own.on)
    if own.kind is SwitchKind.WAKE_ON_LAN:
        yield "mac", partial(make_magic_packet, own.mac, name)
    if own.kind is SwitchKind.COMMAND or (
        own.kind is SwitchKind.WAKE_ON_LAN and own.off not in NO_COMMAND
    ):
        yield "off", partial(split_command, name, "off", own.off)


def require_path(name: str, own: SwitchSettings) -> Path:
    """The file that switches it."""
    if own.path is None:
        raise SettingsError(
            say("[switch.{name}] needs a `path`: the file that switches it", name=name)
        )
    return own.path


def require_words(name: str, own: SwitchSettings) -> None:
    """On and off must differ in what the file shows, or the switch reads back as both."""
    on, off = own.on.strip(), own.off.strip()
    if not on or not off or on == off:
        raise SettingsError(
            say(
                "[switch.{name}] needs two different words in `on` and `off`, not {on} and {off}",
                name=name,
                on=repr(on),
                off=repr(off),
            )
        )


def split_command(name: str, key: str, text: str) -> list[str]:
    """The words of a command."""
    if text in NO_COMMAND:
        raise SettingsError(say("[switch.{name}] needs a command in `{key}`", name=name, key=key))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(
            say("[switch.{name}] has a command with an open quote: {text}", name=name, text=text)
        ) from error
    if not words:
        raise SettingsError(say("[switch.{name}] needs a command in `{key}`", name=name, key=key))
    return words


def switch_all_off(settings: Settings, wait: Callable[[float], None] = time.sleep) -> str:
    """Switch every load off; one that fails does not hold up the next. Raises `SwitchError`.

    What fails is tried again for some seconds: after a boot a driver may bring its file late. What
    then still fails the power service reads back and tries again (power/act/load_check.py). A host
    that does not answer counts as off already.
    """
    left, began_s = list(settings.switch), time.monotonic()
    done: list[str] = []
    for _ in range(LATE_FILES_S + 1):
        failed = {name: try_off(name, settings, done) for name in left}
        left = [name for name, error in failed.items() if error]
        if not left:
            return join_sentences("; ", done) or say("there is nothing to switch")
        if time.monotonic() - began_s > LATE_FILES_S:
            break
        wait(1.0)
    raise SwitchError("; ".join(str(failed[name]) for name in left))


def try_off(name: str, settings: Settings, done: list[str]) -> SwitchError | None:
    """Switch one load off and note it in `done`; the error where that failed."""
    try:
        done.append(switch(name, on=False, settings=settings))
    except SwitchError as error:
        if settings.switch[name].kind is not SwitchKind.WAKE_ON_LAN:
            return error
        done.append(str(error))
    return None


def switch_by_file(name: str, on: bool, own: SwitchSettings) -> str:
    """Write the text to the kernel's file of an LED, a pin or a regulator, and read it back."""
    path = require_path(name, own)
    text = own.on if on else own.off
    try:
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)
        seen = path.read_text(errors="replace").strip()
    except OSError as error:
        raise SwitchError(
            say(
                "the switch {name} could not be set to {text}: {path}: {cause}; check its "
                "driver and `path`",
                name=name,
                text=repr(text),
                path=own.path,
                cause=error.strerror,
            )
        ) from error
    if seen != text.strip():
        raise SwitchError(
            say(
                "the switch {name} was set to {text} and {path} reads {seen}: use in `on` and "
                "`off` the words that the file itself shows",
                name=name,
                text=repr(text),
                path=own.path,
                seen=repr(seen),
            )
        )
    return f"{name} is {'on' if on else 'off'}: {own.path} reads {seen}"


def read_back(own: SwitchSettings) -> bool | None:
    """Whether the switch itself reads as on; None where that cannot be known.
    Never waits: what is no file of the kernel's is not waited for.
    """
    if own.kind is not SwitchKind.FILE or own.path is None:
        return None
    seen = read_word(own.path)
    return None if seen is None else {own.off.strip(): False, own.on.strip(): True}.get(seen)


def switch_by_command(name: str, on: bool, own: SwitchSettings) -> str:
    """Run the command for on or off; its last line on standard error is its error message.

    What it prints goes to a file in memory: a process that it leaves behind may hold that, and
    nothing waits for its end.
    """
    text = own.on if on else own.off
    words = split_command(name, "on" if on else "off", text)
    try:
        code, printed = run_command(words)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SwitchError(
            say("the command of the switch {name} did not run: {error}", name=name, error=error)
        ) from error
    if code:
        lines = printed.strip().splitlines() or [say("it printed nothing")]
        raise SwitchError(
            say(
                "the command of the switch {name}, `{text}`, failed with {code}: {last_line}",
                name=name,
                text=text,
                code=code,
                last_line=shorten(lines[-1], MOST_PRINTED),
            )
        )
    return f"{name} is {'on' if on else 'off'}: `{text}` succeeded"


def run_command(words: Sequence[str]) -> tuple[int, str]:
    """The exit code, and the end of what it printed to standard error."""
    with open(os.memfd_create("errors", os.MFD_CLOEXEC), "w+b") as errors:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            timeout=COMMAND_S,
            check=False,
        )
        size = os.fstat(errors.fileno()).st_size
        end = os.pread(errors.fileno(), READ_ERRORS_BYTES, max(0, size - READ_ERRORS_BYTES))
    return done.returncode, end.decode(errors="replace")


def switch_by_network(name: str, on: bool, own: SwitchSettings) -> str:
    """Wake the host with a magic packet; switch it off by its command, where it has one."""
    if on:
        sent = wake(own.mac, name, list_interfaces(), EVERYBODY)
        return f"{name} was sent its magic packet on {', '.join(sent)}"
    if own.off in NO_COMMAND:
        return f"{name} has no command that switches it off: it stays as it is"
    return switch_by_command(name, on, own)


def wake(mac: str, name: str, over: Iterable[str], address: tuple[str, int]) -> list[str]:
    """Send the magic packet over each interface; returns those that sent it.

    Over each on its own, since a broadcast would only leave by the interface of the default route.
    """
    packet = make_magic_packet(mac, name)
    sent, refused = [], say("no network interface is there")
    for interface in over:
        try:
            broadcast(packet, interface, address)
        except OSError as error:  # an interface that is down sends nothing
            refused = say("{interface}: {cause}", interface=interface, cause=error.strerror)
        else:
            sent.append(interface)
    if not sent:
        raise SwitchError(
            say(
                "the magic packet for {name} could not be sent ({refused}): check the cable and "
                "the address of the network that it is on",
                name=name,
                refused=refused,
            )
        )
    return sent


def make_magic_packet(mac: str, name: str = "NAME") -> bytes:
    """Six times 255 and sixteen times the hardware address, which network cards wait for."""
    if not MAC.fullmatch(mac):
        raise SettingsError(
            say(
                "[switch.{name}] needs in `mac` the hardware address of the host, such as "
                "02:00:5e:10:00:01, not {mac}",
                name=name,
                mac=repr(mac),
            )
        )
    return b"\xff" * 6 + bytes.fromhex(re.sub("[:-]", "", mac)) * 16


def broadcast(packet: bytes, interface: str, address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        # Needs no privilege for a socket that is not bound yet (Linux 5.7).
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        for _ in range(PACKETS):
            out.sendto(packet, address)


def list_interfaces() -> list[str]:
    """The computer's network interfaces but its loopback."""
    return [name for _, name in socket.if_nameindex() if name != "lo"]


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="switch", description="Switches a load on or off.")
    parser.add_argument("way", choices=("on", "off"))
    parser.add_argument("name", nargs="?", help="as in [switch.NAME]; `off` without one: all")
    parser.add_argument("--settings", type=PATH, help="settings file (default: as documented)")
    asked = parser.parse_args(words)
    if asked.name is None and asked.way == "on":
        parser.error("`on` needs the name of a switch")
    if asked.name is None:
        perform("switch", asked.settings, switch_all_off, lambda: choose_for_all(asked.settings))
    on = asked.way == "on"
    perform(
        f"switch@{asked.name}",
        asked.settings,
        lambda own: switch(asked.name, on, own),
        lambda: choose_settings(asked.settings, asked.name, on=on),
    )


if __name__ == "__main__":
    main()
