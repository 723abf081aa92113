"""Pool of processes that read pages, one page at a time each: a page that crashes its reader costs no other page.

Nothing here depends on Scrapy: crawl, import and rebuild read through the same pool.
"""

import atexit
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

from newsarchive.ingest.tasks import ReadingTask
from newsarchive.reader_pool.cpu import available_cores
from newsarchive.reader_pool.forkserver import EXITING, PID, WorkerSpec, frame_message, receive
from newsarchive.startup import child_command
from storage.model import Outcome, Reading

READING = WorkerSpec(read="newsarchive.reader_pool.read_page:read_task")
"""Workers that read pages of an archive."""
JOBS_PER_WORKER = 2
"""One that it reads, and one that waits in its socket."""
ALLOCATOR_ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": "16000000", "MALLOC_MMAP_THRESHOLD_": "4000000"}
"""Tells glibc to keep the memory of a page's tree, some megabytes, for the next page's. By default it returns it after
each page, and the kernel zeroes it for the next."""


class ReaderPool(contextlib.AbstractContextManager["ReaderPool"]):
    """Reads payloads in `count` processes (0: one per available core), in the order of submission.

    A page that crashes its worker, or takes longer than `timeout` seconds, is read once more by another worker; then
    its Reading is UNREADABLE with the reason. `limit`: largest size of a decoded payload that is read.
    """

    def __init__(self, count: int, *, timeout: float, limit: int, spec: WorkerSpec = READING) -> None:
        self.count = count or available_cores()
        self._timeout = timeout
        self._limit = limit
        with _FORK_SERVERS_LOCK:
            self._fork_server = _FORK_SERVERS.setdefault(spec, _ForkServer(spec))
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"reader-{number}", daemon=True) for number in range(self.count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: ReadingTask) -> Future[Reading]:
        """Start reading a payload. The future gets a Reading, or an error if no worker can be started at all."""
        future: Future[Reading] = Future()
        self._jobs.put(_Job(task, future))
        return future

    def start(self) -> None:
        """Start the fork server, if pages are certain to come: it takes as long as the caller's own start."""
        self._fork_server.start()

    def close(self) -> None:
        """Read what was submitted, then end the workers."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _serve(self) -> None:
        """Read job after job with a worker of this thread's own.

        The next job waits in the worker's socket while it reads, so that the worker does not wait until this process,
        which runs one thread at a time, hands it over.
        """
        worker: _Worker | None = None
        taken: deque[_Job] = deque()
        while self._take_jobs(taken):
            job = taken[0]
            try:
                reading, worker = self._read(taken, worker)
            except Exception as error:  # noqa: BLE001 - for the caller who waits for the future
                worker = None
                job.future.set_exception(error)
            else:
                job.future.set_result(reading)
            del job  # and its page, before the wait for the next
            taken.popleft()
        if worker:
            worker.close()

    def _take_jobs(self, taken: "deque[_Job]") -> bool:
        """Take up to JOBS_PER_WORKER jobs, waiting for the first; return False if there are no more."""
        while len(taken) < JOBS_PER_WORKER:
            try:
                job = self._jobs.get(block=not taken)
            except queue.Empty:
                break
            if job is None:
                if not taken:
                    return False
                self._jobs.put(None)  # taken again once the jobs are read
                break
            if job.future.set_running_or_notify_cancel():
                taken.append(job)
        return True

    def _read(self, taken: "deque[_Job]", worker: "_Worker | None") -> tuple[Reading, "_Worker | None"]:
        """Return the first job's reading, and the worker to continue with. A worker that ends failed on its page."""
        reason = ""
        for _ in range(2):
            worker = worker or self._fork_server.spawn()
            try:
                for job in taken:
                    if job not in worker.jobs:
                        message = frame_message(pickle.dumps((job.task, self._limit), protocol=5))
                        worker.jobs.append(job)
                        worker.unsent.append(memoryview(message))
                answer = worker.receive_answer(self._timeout)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):  # its socket is open, so its process id is still its own
                    os.kill(worker.pid, signal.SIGKILL)
                reason = f"reading took longer than {self._timeout:g} s"
            except (EOFError, OSError):
                reason = "the reader process ended"
            except BaseException:
                worker.close()
                raise
            else:
                reading: Reading = pickle.loads(answer[1:])  # noqa: S301 - from our own worker
                if answer[:1] != EXITING:
                    return reading, worker
                worker.close()
                return reading, None
            worker.close()
            worker = None
        return Reading(outcome=Outcome.UNREADABLE, reason=reason), None


@dataclass(slots=True, eq=False)
class _Job:
    task: ReadingTask
    future: Future[Reading]


@dataclass(slots=True, eq=False)
class _Worker:
    pid: int
    connection: socket.socket
    jobs: deque[_Job] = field(default_factory=deque)  # jobs that it has not answered
    unsent: deque[memoryview] = field(default_factory=deque)
    """Parts of messages: a socket takes about 200 kB until the other end reads."""

    def receive_answer(self, timeout: float) -> memoryview:
        """Return the answer to the first job. TimeoutError if none comes in time, EOFError or OSError if none will."""
        until = time.monotonic() + timeout
        # The worker does not read while it answers: sending alone would then block for ever.
        self.connection.settimeout(timeout)
        while self.unsent and not self._is_answering(until):
            sent = self.connection.send(self.unsent[0])
            # Slices of views: a page of fifty megabytes is sent in hundreds of parts, without a copy for each.
            self.unsent[0] = self.unsent[0][sent:]
            if not self.unsent[0]:
                self.unsent.popleft()
        answer = receive(self.connection)
        if answer is None:
            raise EOFError
        self.jobs.popleft()
        return memoryview(answer)

    def _is_answering(self, until: float) -> bool:
        """Wait until the socket can be written or read; return True if it can be read."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN | select.POLLOUT)
        events = poll.poll(max(until - time.monotonic(), 0.0) * 1000)
        if not events:
            raise TimeoutError
        return bool(events[0][1] & ~select.POLLOUT)

    def close(self) -> None:
        self.connection.close()


class _ForkServer:
    """The main process's end of a fork server, which starts with the first page: many runs find nothing to read."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it without waiting for it."""
        with self._lock:
            self._connect()

    def spawn(self) -> _Worker:
        """Return a new worker. The first call waits until the fork server has imported the shared modules."""
        with self._lock:
            # A fork server that has ended since the last worker, killed for its memory perhaps, is replaced once.
            worker = self._request_worker() or self._request_worker()
        if worker is None:
            raise RuntimeError(f"processes that read pages cannot be started: {sys.executable} ended early")
        return worker

    def _request_worker(self) -> _Worker | None:
        """Return a worker, or None after the end of the fork server, which is then closed."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                control = self._connect()
                socket.send_fds(control, [b"+"], [theirs.fileno()])
                answer = control.recv(PID.size, socket.MSG_WAITALL)
            except OSError:
                answer = b""
        if len(answer) == PID.size:
            return _Worker(pid=PID.unpack(answer)[0], connection=ours)
        ours.close()
        self.close()
        return None

    def _connect(self) -> socket.socket:
        """Return the control socket; start the process if it is not running yet."""
        if self._control is not None:
            return self._control
        self._control, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C at the terminal is for the main process, which ends in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                child_command("newsarchive.reader_pool.forkserver:main", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={**ALLOCATOR_ENVIRONMENT, **os.environ},
            )
        self._control.sendall(frame_message(pickle.dumps(self._spec, protocol=5)))
        return self._control

    def close(self) -> None:
        """End the process and wait for it, so that its CPU time and that of its workers counts as this process's."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.wait()
            self._process = None


_FORK_SERVERS: dict[WorkerSpec, _ForkServer] = {}
"""Those of this process: they end with it, so that its next crawl or import need not import the reading code again."""
_FORK_SERVERS_LOCK = threading.Lock()


@atexit.register
def _close_fork_servers() -> None:
    for server in _FORK_SERVERS.values():
        server.close()


# A forked child starts its own.
os.register_at_fork(after_in_child=_FORK_SERVERS.clear)
