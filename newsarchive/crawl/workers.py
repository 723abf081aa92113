"""Processes that read pages. One page at a time for each: whatever a page does to its reader, no other page pays.

Nothing of Scrapy's is here: the live crawl, import and rebuild read through the same workers.
"""

import contextlib
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from newsarchive.crawl.nursery import LEAVES, PID, Nature, receive, send
from newsarchive.interpret import Task
from storage.model import Outcome, Reading

READING = Nature(
    read="newsarchive.crawl.reader:read_task", preload=("newsarchive.extract.page", "storage.warc.payload")
)
"""Workers that read pages of an archive."""
START = """
import sys
sys.path[:] = sys.argv.pop().split(chr(10))
from newsarchive.crawl.nursery import main
main(sys.argv[1:])
"""


class Readers:
    """Reads payloads in `count` processes (0: one for each core), in the order of asking.

    A page that crashes its reader, or takes longer than `timeout` seconds, is read once more by a fresh one; then its
    Reading says UNREADABLE and why. `limit` is the size, codings undone, up to which payloads are read.
    """

    def __init__(self, count: int, *, timeout: float, limit: int, nature: Nature = READING) -> None:
        self.count = count or os.cpu_count() or 1
        self._timeout = timeout
        self._limit = limit
        self._nursery = _Nursery(nature)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"reader-{number}", daemon=True) for number in range(self.count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> Future[Reading]:
        """Ask for a reading. The future always gets one, save when the workers cannot be started at all."""
        future: Future[Reading] = Future()
        self._jobs.put(_Job(task, future))
        return future

    def close(self) -> None:
        """Read what was asked for, then let the workers go."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._nursery.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _serve(self) -> None:
        """One thread: its own worker, job after job."""
        worker: _Worker | None = None
        while (job := self._jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                reading, worker = self._read(job.task, worker)
            except Exception as error:  # noqa: BLE001 - it is for whoever waits for the future
                job.future.set_exception(error)
            else:
                job.future.set_result(reading)
            del job  # and the page in it, before the wait for the next
        if worker:
            worker.close()

    def _read(self, task: Task, worker: "_Worker | None") -> tuple[Reading, "_Worker | None"]:
        message = pickle.dumps((task, self._limit), protocol=5)
        reason = ""
        for _ in range(2):
            worker = worker or self._nursery.bear()
            try:
                answer = worker.ask(message, self._timeout)
            except TimeoutError:
                worker.kill()
                reason = f"reading took longer than {self._timeout:g} s"
            except (EOFError, OSError):
                reason = "the process that read it died"
            else:
                reading: Reading = pickle.loads(answer[1:])  # noqa: S301 - from our own worker
                if answer[:1] != LEAVES:
                    return reading, worker
                worker.close()
                return reading, None
            worker.close()
            worker = None
        return Reading(outcome=Outcome.UNREADABLE, reason=reason), None


@dataclass(slots=True)
class _Job:
    task: Task
    future: Future[Reading]


@dataclass(slots=True)
class _Worker:
    pid: int
    line: socket.socket

    def ask(self, message: bytes, timeout: float) -> memoryview:
        self.line.settimeout(timeout)
        send(self.line, message)
        answer = receive(self.line)
        if answer is None:
            raise EOFError
        return memoryview(answer)

    def kill(self) -> None:
        """End a worker that hangs. Its socket is still open, so its number is still its own."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.line.close()


class _Nursery:
    """The main process's end of nursery.py."""

    def __init__(self, nature: Nature) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C at the terminal is for the main process, which sees to an orderly end.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", START, str(theirs.fileno()), "\n".join(sys.path)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        send(self._control, pickle.dumps(nature, protocol=5))

    def bear(self) -> _Worker:
        """A new worker; the first waits until the nursery has imported what all share."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
                born = self._control.recv(PID.size, socket.MSG_WAITALL)
            except OSError:
                born = b""
        if len(born) < PID.size:
            ours.close()
            raise RuntimeError(f"processes that read pages cannot be started: {sys.executable} ended early")
        return _Worker(pid=PID.unpack(born)[0], line=ours)

    def close(self) -> None:
        self._control.close()
        self._process.wait()
