"""The terminal in which `make run` stands: when it is closed, the run ends.

The kernel tells only the first process of a session that its terminal is gone. Where that is make
(`ssh -t HOST make run`), it waits for its child, and the child would run for ever.

Reads: /dev/tty. Writes: nothing.
Never: ends a run that was started with `nohup`, or without a terminal.
"""

import os
import select
import signal
import threading


def follow_terminal() -> None:
    """Send this process SIGHUP when its terminal is closed."""
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return
    threading.Thread(target=wait_for_close, args=(terminal,), daemon=True).start()


def wait_for_close(terminal: int) -> None:
    waiting = select.poll()
    waiting.register(terminal, 0)  # nothing but its end
    waiting.poll()
    os.kill(os.getpid(), signal.SIGHUP)
