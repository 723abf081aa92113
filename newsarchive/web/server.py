"""The HTTP server: binds first, to report a port in use in one sentence; reports readiness; stops at a signal."""

import ctypes
import errno
import gc
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children, get_context
from multiprocessing.connection import wait

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from newsarchive.startup import end_with_parent, raise_descriptor_limit
from newsarchive.web import connections
from newsarchive.web.serve_options import ServeOptions
from storage.errors import ArchiveError, CannotListen, ConfigError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHUTDOWN_TIMEOUT = 5
"""Seconds for running responses to end."""
_MALLOC = {-8: 2, -3: 1 << 19, -1: 1 << 22}  # of mallopt: heaps, bytes from which memory is mapped, that stay free


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; CannotListen if that fails. Port 0 takes a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio otherwise does not disable Nagle's algorithm, which delays the second piece
    # of a response on a kept connection by 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A server that has just stopped must not block the next one.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as problem:
        listening.close()
        raise _listen_error(host, port, problem) from problem
    return listening


def _listen_error(host: str, port: int, problem: OSError) -> CannotListen:
    what = f"cannot listen on {host} port {port} ({problem.strerror})"
    advice = "Use an address of this machine: newsarchive serve --host 127.0.0.1"
    if problem.errno == errno.EADDRINUSE:
        what = f"port {port} of {host} is in use, perhaps by another newsarchive serve"
        advice = "Choose another port: newsarchive serve --port 0 takes a free one"
    elif problem.errno == errno.EACCES:
        what = f"this user may not listen on port {port}"
        advice = "Choose a port above 1023, such as: newsarchive serve --port 8000"
    return CannotListen(f"{what}; nothing was started. {advice}")


def load_certificate(options: ServeOptions) -> ssl.SSLContext | None:
    """Return the TLS settings with the certificate of the server; None to serve without TLS."""
    if options.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with ConfigError.replace_os_errors("bad-certificate", cert=options.cert):
        # A callback: a key with a passphrase would otherwise be asked for on a terminal that may not be there.
        context.load_cert_chain(options.cert, options.key, password=lambda: "")
    return context


def server_url(listening: socket.socket, *, encrypted: bool = False) -> str:
    """Return the URL of the server for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
        host = socket.gethostname()
    return f"http{'s' * encrypted}://{f'[{host}]' if ':' in host else host}:{port}/"


class ArchiveServer(uvicorn.Server):
    """Uvicorn server that reports when it is ready and treats a stop signal as a normal end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `ready`."""
        await super().startup(sockets)
        for listening in sockets or ():
            # uvicorn has set the number that asyncio accepts in one step.
            listening.listen(connections.BACKLOG)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal. Uvicorn would raise it again afterwards, so that the command would seem killed."""
        before = {number: signal.signal(number, self.handle_exit) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def tune_memory() -> None:
    """Exclude the objects that exist now from garbage collection, and run it less often.

    A search makes thousands of objects; traversing those of all libraries with them cost every tenth search 80 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    # glibc would keep a heap for each thread, as large as its largest response, and freed blocks of up to 32 MB.
    with suppress(AttributeError, OSError):
        for parameter, value in _MALLOC.items():
            ctypes.CDLL(None).mallopt(parameter, value)


def create_config(app: ASGIApp, options: ServeOptions, *, log_all: bool = False) -> uvicorn.Config:
    """Return the settings of uvicorn."""
    most = min(connections.MAX_CONNECTIONS, raise_descriptor_limit() // 2)
    # A proxy has the connections of all clients.
    per_client = None if options.trusted_proxies else connections.MAX_PER_CLIENT
    return uvicorn.Config(
        app,
        http=connections.create_protocol(most, per_client, load_certificate(options)),
        # One at a time of several processes: the first would accept all that come at once, and serve them alone.
        backlog=connections.ACCEPTED_AT_ONCE if options.workers == 1 else 1,
        log_config=None,
        access_log=log_all,
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=list(options.trusted_proxies),
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
    )


def run(
    app: FastAPI, options: ServeOptions, listening: socket.socket, ready: Callable[[], None], *, log_all: bool
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reloads the access rules."""
    index, access, turn = app.state.archive.index, app.state.access, get_context("fork").Lock()

    def serve(ready: Callable[[], None]) -> None:
        signal.signal(signal.SIGHUP, lambda *_: access.reload())
        try:
            with index.follow_search():
                ArchiveServer(create_config(app, options, log_all=log_all), ready).run(sockets=[listening])
        finally:
            # SQLite removes the files of an open index with its last connection, but not if two close at one moment.
            with turn:
                index.close()

    tune_memory()
    if options.workers == 1:
        serve(ready)
        return
    # The processes share the limits of the middleware, which has to exist by now, and no connection of the index.
    app.middleware_stack = app.build_middleware_stack()
    index.close()
    run_workers(serve, options.workers, ready)


def run_workers(serve: Callable[[Callable[[], None]], None], count: int, ready: Callable[[], None]) -> None:
    """Run `serve` in forked processes until one of them ends, as all do at SIGINT or SIGTERM; the others end with it.

    The last one to be ready calls `ready`. ArchiveError if one fails or is killed: it may have held a lock of the
    limits that they share.
    """
    fork, parent, signals = get_context("fork"), os.getpid(), (*STOP_SIGNALS, signal.SIGHUP)
    others = fork.Semaphore(count - 1)

    def note_ready() -> None:
        # Not SIGINT: Ctrl-C reaches the command, too, which sends SIGTERM.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGHUP))
        if not others.acquire(block=False):
            ready()

    def work() -> None:
        end_with_parent(parent)
        serve(note_ready)

    def forward(number: int, _: object = None) -> None:
        for pid in [each.pid for each in active_children() if each.pid]:
            os.kill(pid, signal.SIGHUP if number == signal.SIGHUP else signal.SIGTERM)

    for number in signals:
        signal.signal(number, forward)
    # They wait until the new process has handlers of its own.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    workers = [fork.Process(target=work) for _ in range(count)]
    try:
        for each in workers:
            each.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        ended = wait([each.sentinel for each in workers])
    finally:
        forward(signal.SIGTERM)
        for running in active_children():
            running.join(2 * SHUTDOWN_TIMEOUT)
            running.kill()
    for each in workers:
        if each.sentinel in ended and each.exitcode:
            raise ArchiveError.create("worker-ended", pid=each.pid, status=each.exitcode)
