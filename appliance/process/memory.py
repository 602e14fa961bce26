"""Memory that the C library holds free, given back to the kernel.

Reads and writes: the heap of this process.
Never: called often: it walks through the whole heap (9 MB: 1 ms).
"""

import ctypes


def give_back() -> None:
    """Give whole free pages back; glibc alone can, and by itself gives back only the heap's end."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
