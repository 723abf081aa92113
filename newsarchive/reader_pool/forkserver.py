"""The process that workers are born from: it imports the reading code once, then forks one for each socket it gets.

    main process --control socket--> nursery --fork--> worker <--its own socket--> main process

multiprocessing's forkserver is not used, because each of its children imports the main program again: the whole command
line into every worker, and a user's script without `if __name__ == "__main__"` a second time.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

HEADER = struct.Struct("!Q")
PID = struct.Struct("!i")
STAYS, LEAVES = b"+", b"-"
"""First byte of an answer: whether its worker takes another task."""
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a worker is born to do, and when it has to go."""

    read: str
    """The function that it calls for each task, as "module:name"."""
    preload: tuple[str, ...] = ()
    """Modules that all workers share, imported before the first is born."""
    tasks: int = 500
    """Tasks after which it makes room for a fresh one; lxml and the allocator leave memory in pieces."""
    ripe: int = 110_000_000
    """Resident bytes after which it makes room, too."""
    ceiling: int = 1_000_000_000
    """Bytes of memory that it cannot get more of: a page that wants them fails, and the machine does not."""


def send(to: socket.socket, message: bytes) -> None:
    """Put one message on a socket."""
    to.sendall(framed(message))


def framed(message: bytes) -> bytes:
    """A message as it goes over a socket: in one piece, so that whoever waits for it wakes once."""
    return b"".join((HEADER.pack(len(message)), message))


def receive(source: socket.socket) -> bytearray | None:
    """The next message of a socket; None at its end."""
    header = _exactly(source, HEADER.size)
    return None if header is None else _exactly(source, HEADER.unpack(header)[0])


def _exactly(source: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = source.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return data


def nurse(control: socket.socket, nature: Nature) -> None:
    """Bear a worker for each socket that comes, until the main process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Reaped by hand, not by the kernel: so their CPU time counts as the crawl's, for `time` and for accounting.
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    # A page is a great many small objects that go by themselves: looking for rings among them at the usual rate costs
    # a twentieth of the time, and half as much again on the largest pages. Nor are there any among what is imported.
    gc.set_threshold(20_000, 50, 1_000)
    for module in nature.preload:
        importlib.import_module(module)
    read = _function(nature.read)
    gc.freeze()  # so that no collection in a worker writes to the pages it shares with the others
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return _see_off()
        pid = os.fork()
        if not pid:
            control.close()
            _live(socket.socket(fileno=sockets[0]), nature, read)
        os.close(sockets[0])
        control.sendall(PID.pack(pid))


def _reap() -> bool:
    """Take leave of workers that are gone; tells whether any is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if not pid:
            return True


def _see_off() -> None:
    """The main process is gone, or done: workers end by themselves; one that hangs goes when the nursery goes."""
    for _ in range(100):
        if not _reap():
            return
        time.sleep(0.02)


def _live(work: socket.socket, nature: Nature, read: Callable[[Any], Any]) -> NoReturn:
    """A worker's life: task, answer, task, answer. It leaves by os._exit: nothing here is the nursery's to clean up."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with_parent()
        _limit_memory(nature.ceiling)
        for left in range(nature.tasks - 1, -1, -1):
            message = receive(work)
            if message is None:
                break
            answer = pickle.dumps(read(pickle.loads(message)), protocol=5)  # noqa: S301 - from our main process
            del message
            stays = left > 0 and _resident() < nature.ripe
            send(work, (STAYS if stays else LEAVES) + answer)
            if not stays:
                break
    finally:
        os._exit(0)


def _function(name: str) -> Callable[[Any], Any]:
    module, _, attribute = name.partition(":")
    function: Callable[[Any], Any] = getattr(importlib.import_module(module), attribute)
    return function


def _die_with_parent() -> None:
    """A worker that hangs in a page does not see its socket close; Linux can tell it all the same."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_memory(ceiling: int) -> None:
    import resource  # not on every system that Python runs on

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))


def _resident() -> int:
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - after each page, and Path is twice as slow
            return int(statm.read().split()[1]) * PAGE_SIZE
    except OSError:
        return 0


def main(arguments: Sequence[str]) -> None:
    """Run as the nursery: `nursery.py FD`, its nature as the first message."""
    with socket.socket(fileno=int(arguments[0])) as control:
        message = receive(control)
        if message is not None:
            nurse(control, pickle.loads(message))  # noqa: S301 - from our main process
