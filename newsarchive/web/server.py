"""The server: binds first, so that a port in use is one clear sentence; says when it is ready; stops when told to."""

import ctypes
import errno
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from newsarchive.web.serve_options import Serving
from storage.errors import CannotListen

STOPPING = (signal.SIGINT, signal.SIGTERM)
GRACE = 5
"""Seconds that answers which are under way get to end."""
MOST_CONNECTIONS = 512
_ARENA_MAX = -8
"""Of mallopt: how many heaps there may be."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; CannotListen where that cannot be. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: else asyncio does not know that it is, and lets an answer's second piece wait until the client has
    # acknowledged the first (Nagle): 40 ms on a connection that was kept.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A server that was stopped a moment ago must not keep its successor waiting.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as problem:
        listening.close()
        raise _refused(host, port, problem) from problem
    return listening


def _refused(host: str, port: int, problem: OSError) -> CannotListen:
    if problem.errno == errno.EADDRINUSE:
        return CannotListen(
            f"port {port} of {host} is in use, perhaps by another newsarchive serve; nothing was started. "
            "Take another one: newsarchive serve --port 0 finds one that is free"
        )
    if problem.errno == errno.EACCES:
        return CannotListen(
            f"this user may not listen at port {port}; nothing was started. "
            "Take one above 1023, such as: newsarchive serve --port 8000"
        )
    return CannotListen(
        f"nothing can listen at {host} port {port} ({problem.strerror}); nothing was started. "
        "Give an address of this machine: newsarchive serve --host 127.0.0.1"
    )


def address(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class Server(uvicorn.Server):
    """Uvicorn that tells when it is ready, and for which being told to stop is a good end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal. Uvicorn would raise it again afterwards, and the command end as if it had been killed."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, stop) for number in STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def settle() -> None:
    """Spare the collector of cycles what is there now, for it stays; and have it come less often.

    A search makes thousands of objects. Going through all those of the libraries for them cost every tenth 80 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    # Each thread that answers would keep a heap of its own, as large as the largest answer it ever made (glibc alone).
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


def run(app: ASGIApp, serving: Serving, listening: socket.socket, ready: Callable[[], None], *, log_all: bool) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=log_all,
        server_header=False,
        proxy_headers=bool(serving.proxies),
        forwarded_allow_ips=list(serving.proxies),
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    settle()
    Server(config, ready).run(sockets=[listening])
