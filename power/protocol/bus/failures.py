"""What the operating system and pyserial raise when a line fails.

Reads and writes: nothing.
Never: hides a mistake of ours: only what a pulled adapter or a lost connection raises.
"""

import termios

# What pyserial raises when an adapter is pulled: termios.error is no OSError.
LINE_FAILURES = (OSError, termios.error, TypeError)
