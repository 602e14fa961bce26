"""The applications on their sockets, the proxy before them, and the minute's work: until it ends.

    serve(Options(...))

Reads and writes: the fleet's directory and database, TCP connections.
Never: goes on without one of its parts.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from appliance.errors import ApplianceError
from appliance.store.file_locks import describe_holder, try_lock
from ota.disk import Disk
from ota.files import replace
from ota.fleet.claims.authority import (
    CERTIFICATE,
    REVOKED,
    Authority,
    format_certificate,
    format_key,
    open_authority,
)
from ota.fleet.errors import FleetError
from ota.fleet.operator.app import create_operator_app
from ota.fleet.push.calling import Caller
from ota.fleet.receiver.app import create_receiver
from ota.fleet.serve.applications import listening
from ota.fleet.serve.broker import Broker, make_place
from ota.fleet.serve.children import require_alive, running
from ota.fleet.serve.proxy import RECEIVER_SOCKET, Proxy, format_proxy, make_command
from ota.fleet.serve.upkeep import Upkeep
from ota.release.keys.secrets_source import SecretsSource

AUTHORITY, SERVE, TREE = "ca", "serve", "www"
MINUTE_S = 60.0
LOOK_S = 1.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    """`names`: of the server, the first is its own; `certificate`, `key`: of a public authority,
    None: the fleet's own authority makes one. `page_port`: of the operator's page, on loopback.
    `broker_port`: of a broker for hints, None: there is none.
    """

    directory: Path
    names: tuple[str, ...]
    port: int
    page_port: int
    certificate: Path | None = None
    key: Path | None = None
    broker_port: int | None = None


def serve(options: Options, engine: Engine, secrets: SecretsSource, stop: Event) -> None:
    """Until `stop`. Raises `ApplianceError`, `OSError`."""
    directory = options.directory.absolute()
    refuse_odd(directory)
    run = directory / SERVE
    run.mkdir(mode=0o700, exist_ok=True)
    with alone(run):
        serve_alone(options, directory, engine, secrets, stop)


def serve_alone(
    options: Options, directory: Path, engine: Engine, secrets: SecretsSource, stop: Event
) -> None:
    run = directory / SERVE
    authority = open_authority(directory / AUTHORITY, read_now())
    upkeep = Upkeep(directory, directory / TREE, directory / AUTHORITY, engine, secrets)
    upkeep.write_revoked(read_now())
    broker = make_broker(options, directory, authority, engine)
    upkeep.caller = None if broker is None else Caller(engine, broker.address)
    proxy = make_proxy(options, directory, authority)
    configuration = run / "nginx.conf"
    replace(Disk(), configuration, format_proxy(proxy).encode())
    commands = [make_command(configuration, run), *([broker.command] if broker else [])]
    with ExitStack() as stack:
        receiver = create_receiver(engine, authority, read_now)
        stack.enter_context(listening(receiver, unix_socket=str(run / RECEIVER_SOCKET)))
        page = create_operator_app(engine, read_now)
        stack.enter_context(listening_on(page, options.page_port))
        children = [stack.enter_context(running(command)) for command in commands]
        work(upkeep)
        show_addresses(options)
        watch(upkeep, broker, children, stop)


def show_addresses(options: Options) -> None:
    """What runs where, a line each."""
    print(f"releases and reports: https://{options.names[0]}:{options.port}/", flush=True)
    print(f"the fleet's page: http://{LOOPBACK}:{options.page_port}/", flush=True)
    if options.broker_port is not None:
        print(f"hints: {options.names[0]}:{options.broker_port}", flush=True)


def watch(
    upkeep: Upkeep,
    broker: Broker | None,
    children: list[subprocess.Popen[bytes]],
    stop: Event,
) -> None:
    """The minute's work, while all children live."""
    waited_s = 0.0
    while not stop.wait(LOOK_S):
        require_alive(children)
        waited_s += LOOK_S
        if waited_s >= MINUTE_S:
            waited_s = 0.0
            work(upkeep)
            is_new = False
            with telling():
                is_new = broker is not None and broker.place.refresh(upkeep.engine, read_now())
            with telling():
                is_new = upkeep.write_revoked(read_now()) or is_new
            if is_new:
                for child in children:
                    child.send_signal(signal.SIGHUP)


def work(upkeep: Upkeep) -> None:
    with telling():
        for line in upkeep.keep_up(read_now()):
            print(line, flush=True)


@contextmanager
def telling() -> Iterator[None]:
    """What stands against it is told, and tried again in a minute: releases are served meanwhile,
    also without the database or with a full disk.
    """
    try:
        yield
    except (ApplianceError, OSError, SQLAlchemyError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        print(f"fleet: {line}", file=sys.stderr, flush=True)


def refuse_odd(directory: Path) -> None:
    """Raises `FleetError` where the file of the proxy cannot name it."""
    if odd := sorted(set(str(directory)) & set(" \t\n'\"\\$;:#{}")):
        raise FleetError(
            f"the name of {directory} has the character {odd[0]!r}, which nginx reads otherwise: "
            "name the directory without it"
        )


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """One server for a directory: a second one would take the socket of the receiver away. Raises
    `FleetError`.
    """
    handle = os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not try_lock(handle):
            raise FleetError(
                f"{run.parent} is served already, by {describe_holder(handle)}: end that one first"
            )
        yield
    finally:
        os.close(handle)


@contextmanager
def listening_on(page: Flask, port: int) -> Iterator[None]:
    """The page on loopback. Raises `FleetError`."""
    with ExitStack() as stack:
        try:
            stack.enter_context(listening(page, host=LOOPBACK, port=port))
        except OSError as error:
            raise FleetError(
                f"the fleet's page cannot listen on {LOOPBACK} port {port}: {error.strerror}; stop "
                "the program that uses it, or give another with --page-port"
            ) from error
        yield


def make_proxy(options: Options, directory: Path, authority: Authority) -> Proxy:
    run = directory / SERVE
    certificate, key = options.certificate, options.key
    if certificate is None or key is None:
        certificate, key = make_certificate(options.names, run, authority)
    return Proxy(
        run=run,
        tree=directory / TREE,
        names=options.names,
        port=options.port,
        certificate=certificate.absolute(),
        key=key.absolute(),
        authority=directory / AUTHORITY / CERTIFICATE,
        revoked=directory / AUTHORITY / REVOKED,
        user="root" if os.getuid() == 0 else "",
    )


def make_broker(
    options: Options, directory: Path, authority: Authority, engine: Engine
) -> Broker | None:
    """Its files, prepared. Raises `FleetError`, `OSError`."""
    if options.broker_port is None:
        return None
    place = make_place(directory, authority, options.names, options.broker_port)
    place.prepare(read_now())
    place.refresh(engine, read_now())
    return Broker(place)


def make_certificate(names: tuple[str, ...], run: Path, authority: Authority) -> tuple[Path, Path]:
    """A new one with each start: it holds for two years."""
    certificate, key_path = run / "server.pem", run / "server.key"
    key = ec.generate_private_key(ec.SECP256R1())
    made = authority.issue_server(names, key.public_key(), read_now())
    replace(Disk(), key_path, format_key(key), mode=0o600)
    replace(Disk(), certificate, format_certificate(made).encode())
    return certificate, key_path


def read_now() -> datetime:
    return datetime.now(UTC)
