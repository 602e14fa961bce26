"""Memory that both ends of a picture socket share: a picture goes through it without the socket.

    memory = SharedWriter()            # one for each connection
    descriptor = memory.put(planes)    # to be passed on where it is not None: the memory is new
    memory = SharedReader()
    memory.accept(descriptor)
    planes = memory.take(len(planes))

A picture is larger than a socket's buffer: through the socket its bytes are copied twice by the
kernel, and both ends wake for each part (768x576: 5 times, 1920x1080: 16 times; so: twice).
One answer at a time: the writer writes only when asked, and the reader has its copy before it asks.

Reads and writes: memory without a name (memfd), which ends with its last user.
Never: trusts the other end: the reader takes only memory that can no longer become smaller.
"""

import fcntl
import mmap
import os

from appliance.strict_json import InputError
from appliance.wording.sentence import say

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
Buffer = bytes | bytearray


class SharedWriter:
    """The camera's end."""

    def __init__(self) -> None:
        self._map: mmap.mmap | None = None
        self._descriptor = -1

    def put(self, data: Buffer) -> int | None:
        """Write a picture; returns a descriptor where the other end does not have this memory yet.

        Raises `OSError` where there is no memory.
        """
        if self._map is not None and len(self._map) >= len(data):
            self._map[: len(data)] = data
            return None
        self.close()
        self._descriptor = os.memfd_create("picture", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._descriptor, len(data))
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, SEALS)
        self._map = mmap.mmap(self._descriptor, len(data))
        self._map[:] = data
        return self._descriptor

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._map, self._descriptor = None, -1


class SharedReader:
    """The end of who asks."""

    def __init__(self) -> None:
        self._map: mmap.mmap | None = None

    def accept(self, descriptor: int) -> None:
        """Take over memory and close its descriptor; raises `InputError` where it is none."""
        self.close()
        try:
            if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS:
                raise InputError(say("the shared memory may become smaller"))
            self._map = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise InputError(say("what came is no shared memory: {error}", error=error)) from error
        finally:
            os.close(descriptor)

    def take(self, count: int) -> bytearray:
        """A copy of the first `count` bytes; raises `InputError` where there are fewer."""
        if self._map is None or count > len(self._map):
            raise InputError(say("a picture was announced that is not in the shared memory"))
        with memoryview(self._map) as whole, whole[:count] as part:
            return bytearray(part)

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._map = None
