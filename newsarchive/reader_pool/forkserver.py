"""Fork server of the reader pool: imports the reading code once, then forks a worker for each socket it receives.

    main process --control socket--> fork server --fork--> worker <--its own socket--> main process

The fork server of multiprocessing is not used, because each of its children imports the main program again: the whole
command line in every worker, and a user's script without `if __name__ == "__main__"` a second time.
"""

import contextlib
import gc
import os
import pickle
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, NoReturn

from newsarchive.startup import end_with_parent, exit_if_shadowed

HEADER = struct.Struct("!Q")
PID = struct.Struct("!i")
READY, EXITING = b"+", b"-"
"""First byte of an answer: whether its worker takes another task."""
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """Task function and limits of the workers."""

    read: str
    """Function that is called with each task, as "module:name". Its module is imported before the first fork."""
    max_tasks: int = 500
    """Tasks after which a worker is replaced, since lxml and the allocator fragment its memory."""
    max_resident: int = 110_000_000
    """Resident bytes after which a worker is replaced."""
    max_memory: int = 1_000_000_000
    """Bytes that a worker can allocate: a page that needs more fails, and not the machine."""


def frame_message(message: bytes) -> bytes:
    """Return a message with its length, in one piece, so that its receiver wakes once."""
    return b"".join((HEADER.pack(len(message)), message))


def receive(source: socket.socket) -> bytearray | None:
    """Return the next message of a socket; None at its end."""
    header = _receive_exactly(source, HEADER.size)
    return None if header is None else _receive_exactly(source, HEADER.unpack(header)[0])


def _receive_exactly(source: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = source.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return data


def serve_forks(control: socket.socket, spec: WorkerSpec) -> None:
    """Fork a worker for each socket that is received, until the main process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Reaped here and not by the kernel, so that their CPU time counts as the crawl's, for `time` and for accounting.
    signal.signal(signal.SIGCHLD, lambda *_: _reap_workers())
    # A page is many small objects without cycles: with the default thresholds the cycle collector takes 5 % of the
    # time, and half of it on the largest pages. Nor are there cycles among what is imported.
    gc.set_threshold(20_000, 50, 1_000)
    read = resolve_name(spec.read)
    gc.freeze()  # so that no collection in a worker writes to the pages that all share
    parent = os.getpid()
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            # The workers end with the main process; one that hangs is killed with the fork server.
            for _ in range(100):
                if not _reap_workers():
                    return
                time.sleep(0.02)
            return
        pid = os.fork()
        if not pid:
            control.close()
            _run_worker(socket.socket(fileno=sockets[0]), spec, read, parent)
        os.close(sockets[0])
        control.sendall(PID.pack(pid))


def _reap_workers() -> bool:
    """Reap the workers that have ended; return True if any is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if not pid:
            return True


def _run_worker(work: socket.socket, spec: WorkerSpec, read: Callable[[Any], Any], parent: int) -> NoReturn:
    """Answer tasks until a limit or the end. Leaves by os._exit, since cleaning up is the fork server's business."""
    import resource  # not on every system that Python runs on

    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        end_with_parent(parent)  # a worker that hangs in a page does not notice that its socket is closed
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (spec.max_memory, spec.max_memory))
        for left in range(spec.max_tasks - 1, -1, -1):
            message = receive(work)
            if message is None:
                break
            answer = pickle.dumps(read(pickle.loads(message)), protocol=5)  # noqa: S301 - from our main process
            del message
            stays = left > 0 and _resident_size() < spec.max_resident
            work.sendall(frame_message((READY if stays else EXITING) + answer))
            if not stays:
                break
    finally:
        os._exit(0)


def _resident_size() -> int:
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - after each page, and Path is twice as slow
            return int(statm.read().split()[1]) * PAGE_SIZE
    except OSError:
        return 0


def main(arguments: Sequence[str]) -> None:
    """Run the fork server. Argument: file descriptor of the control socket, whose first message is the WorkerSpec."""
    exit_if_shadowed()
    with socket.socket(fileno=int(arguments[0])) as control:
        message = receive(control)
        if message is not None:
            serve_forks(control, pickle.loads(message))  # noqa: S301 - from our main process
