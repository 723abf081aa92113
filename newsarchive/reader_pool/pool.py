"""Processes that read pages. One page at a time for each: whatever a page does to its reader, no other page pays.

Nothing of Scrapy's is here: the live crawl, import and rebuild read through the same workers.
"""

import contextlib
import os
import pickle
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from newsarchive.ingest.tasks import Task
from newsarchive.reader_pool.cpu import cores
from newsarchive.reader_pool.forkserver import LEAVES, PID, Nature, framed, receive, send
from storage.model import Outcome, Reading

READING = Nature(
    read="newsarchive.reader_pool.read_page:read_task", preload=("newsarchive.extract.page", "storage.warc.payload")
)
"""Workers that read pages of an archive."""
AT_HAND = 2
"""Jobs of a worker: one that it reads, and one that waits in its line."""
ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": "16000000", "MALLOC_MMAP_THRESHOLD_": "4000000"}
"""What glibc is told where workers live: to keep what a page's tree took, some megabytes, for the next page's.

Else it hands the memory back after each page, and the kernel fills it with zeros anew for the next.
"""
START = """
import sys
sys.path[:] = sys.argv.pop().split(chr(10))
from newsarchive.reader_pool.forkserver import main
main(sys.argv[1:])
"""


class Readers:
    """Reads payloads in `count` processes (0: one for each core that is ours to use), in the order of asking.

    A page that crashes its reader, or takes longer than `timeout` seconds, is read once more by a fresh one; then its
    Reading says UNREADABLE and why. `limit` is the size, codings undone, up to which payloads are read.
    """

    def __init__(self, count: int, *, timeout: float, limit: int, nature: Nature = READING) -> None:
        self.count = count or cores()
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

    def begin(self) -> None:
        """Start what workers are born from, where pages are sure to come: it takes as long as it takes us to begin."""
        self._nursery.begin()

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
        """One thread: its own worker, job after job. The next one lies in the worker's line while it reads: it does not
        wait then until this process, of which one thread at a time runs, comes round to handing it over.
        """
        worker: _Worker | None = None
        taken: deque[_Job] = deque()
        while self._take(taken):
            job = taken[0]
            try:
                reading, worker = self._read(taken, worker)
            except Exception as error:  # noqa: BLE001 - it is for whoever waits for the future
                worker = None
                job.future.set_exception(error)
            else:
                job.future.set_result(reading)
            del job  # and the page in it, before the wait for the next
            taken.popleft()
        if worker:
            worker.close()

    def _take(self, taken: "deque[_Job]") -> bool:
        """Take jobs, up to the one after the next; the first is waited for. False where there is none any more."""
        while len(taken) < AT_HAND:
            try:
                job = self._jobs.get(block=not taken)
            except queue.Empty:
                break
            if job is None:
                if not taken:
                    return False
                self._jobs.put(None)  # told again once what was taken is read
                break
            if job.future.set_running_or_notify_cancel():
                taken.append(job)
        return True

    def _read(self, taken: "deque[_Job]", worker: "_Worker | None") -> tuple[Reading, "_Worker | None"]:
        """The first job's reading, and who goes on. A worker's end is the fault of the page that it was reading."""
        reason = ""
        for _ in range(2):
            worker = worker or self._nursery.bear()
            try:
                for job in taken:
                    if job not in worker.given:
                        worker.give(job, pickle.dumps((job.task, self._limit), protocol=5))
                answer = worker.answer(self._timeout)
            except TimeoutError:
                worker.kill()
                reason = f"reading took longer than {self._timeout:g} s"
            except (EOFError, OSError):
                reason = "the process that read it died"
            except BaseException:
                worker.close()
                raise
            else:
                reading: Reading = pickle.loads(answer[1:])  # noqa: S301 - from our own worker
                if answer[:1] != LEAVES:
                    return reading, worker
                worker.close()
                return reading, None
            worker.close()
            worker = None
        return Reading(outcome=Outcome.UNREADABLE, reason=reason), None


@dataclass(slots=True, eq=False)
class _Job:
    task: Task
    future: Future[Reading]


@dataclass(slots=True, eq=False)
class _Worker:
    pid: int
    line: socket.socket
    given: deque[_Job] = field(default_factory=deque)
    """What it was given and has not answered."""
    _unsent: deque[memoryview] = field(default_factory=deque)
    """Of what it was given: a line takes some 200 kB until its other end reads."""

    def give(self, job: _Job, message: bytes) -> None:
        self.given.append(job)
        self._unsent.append(memoryview(framed(message)))

    def answer(self, timeout: float) -> memoryview:
        """The answer to what it was given first. TimeoutError where none comes in so many seconds, EOFError or OSError
        where none will.
        """
        until = time.monotonic() + timeout
        # It reads nothing while it answers: whoever did nothing but send then would wait for ever.
        self.line.settimeout(timeout)
        while self._unsent and not self._is_answering(until):
            self._send_some()
        answer = receive(self.line)
        if answer is None:
            raise EOFError
        self.given.popleft()
        return memoryview(answer)

    def _send_some(self) -> None:
        """Send as much as the line takes now."""
        sent = self.line.send(self._unsent[0])
        # Views: a page of fifty megabytes goes in hundreds of pieces, and is not to be copied for each.
        self._unsent[0] = self._unsent[0][sent:]
        if not self._unsent[0]:
            self._unsent.popleft()

    def _is_answering(self, until: float) -> bool:
        """Wait until something can be sent, or received: then True."""
        line = select.poll()
        line.register(self.line, select.POLLIN | select.POLLOUT)
        events = line.poll(max(until - time.monotonic(), 0.0) * 1000)
        if not events:
            raise TimeoutError
        return bool(events[0][1] & ~select.POLLOUT)

    def kill(self) -> None:
        """End a worker that hangs. Its socket is still open, so its number is still its own."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.line.close()


class _Nursery:
    """The main process's end of nursery.py. It starts with the first page, where nobody began it: many a run finds
    nothing new to read.
    """

    def __init__(self, nature: Nature) -> None:
        self._nature = nature
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it, and do not wait."""
        with self._lock:
            self._begun()

    def bear(self) -> _Worker:
        """A new worker; the first waits until the nursery has imported what all share."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                control = self._begun()
                socket.send_fds(control, [b"+"], [theirs.fileno()])
                born = control.recv(PID.size, socket.MSG_WAITALL)
            except OSError:
                born = b""
        if len(born) < PID.size:
            ours.close()
            raise RuntimeError(f"processes that read pages cannot be started: {sys.executable} ended early")
        return _Worker(pid=PID.unpack(born)[0], line=ours)

    def _begun(self) -> socket.socket:
        if self._control is not None:
            return self._control
        self._control, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C at the terminal is for the main process, which sees to an orderly end.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", START, str(theirs.fileno()), "\n".join(sys.path)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={**ALLOCATOR, **os.environ},
            )
        send(self._control, pickle.dumps(self._nature, protocol=5))
        return self._control

    def close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()
