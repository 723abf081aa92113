"""Connections of the server: time-outs for slow clients, a limit for each client and for all.

A connection waits for its client, or its client waits for a response. Those that wait for their client can be closed at
any time: when there are too many, the one that has waited longest makes room for a new one.
"""

import asyncio
import ssl
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.utils import get_remote_addr

from newsarchive.web.middleware.client_limits import client_key

REQUEST_TIMEOUT = 15.0
"""Seconds for a request line and its headers, and between two requests."""
BODY_TIMEOUT = 30.0
"""Seconds for the body of a request."""
SEND_TIMEOUT = 60.0
"""Seconds for a client to read what fills the buffers of its connection."""
MAX_CONNECTIONS = 1000
MAX_PER_CLIENT = 128
ACCEPTED_AT_ONCE = 64
"""Far below the limits: what a new connection has sent is read before many others follow."""
BACKLOG = 4096
"""Connections that the system keeps until they are accepted."""


class ConnectionPool:
    """The connections of a server."""

    def __init__(self, limit: int, per_client: int | None) -> None:
        self._limit, self._per_client = limit, per_client
        self._open: Counter[str] = Counter()
        """Number of connections by client."""
        self._waiting: dict[LimitedProtocol, None] = {}
        """Those that wait for their client; the one that has waited longest first."""

    def add(self, connection: "LimitedProtocol") -> None:
        """Add a connection; another one that waits for its client is closed if there are too many."""
        key = connection.client_key
        oldest = None
        if self._per_client is not None and self._open[key] >= self._per_client:
            oldest = next((each for each in self._waiting if each.client_key == key), None)
        elif self._open.total() >= self._limit:
            oldest = next(iter(self._waiting), None)
        if oldest is not None:
            self.remove(oldest)
            oldest.transport.abort()
        self._open[key] += 1

    def remove(self, connection: "LimitedProtocol") -> None:
        """Remove a connection; a second call does nothing."""
        key = connection.client_key
        if connection.is_counted:
            connection.is_counted = False
            self._waiting.pop(connection, None)
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def note_waiting(self, connection: "LimitedProtocol", *, waiting: bool) -> None:
        """Note whether a connection waits for its client."""
        self._waiting.pop(connection, None)
        if waiting:
            self._waiting[connection] = None


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 connection of a pool, which is closed if its client is too slow. `create_protocol` sets the pool."""

    pool: ClassVar[ConnectionPool]
    tls: ClassVar[ssl.SSLContext | None]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.client_key = ""
        self.is_counted = False
        self._phase = ""
        self._early: bytearray | None = None
        """Bytes that came with the end of the TLS handshake, before this protocol knows of it; None afterwards."""
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection and wait for its first request."""
        self.transport = transport
        self.client_key = client_key({"client": get_remote_addr(transport)})
        self.pool.add(self)
        self.is_counted = True
        self._note_phase()
        if self.tls is None:
            super().connection_made(transport)
        else:
            # Not by create_server(ssl=...), which would not count the connection before the end of the handshake.
            transport.pause_reading()
            self._early = bytearray()
            self._handshake = self.loop.create_task(self._start_tls(transport, self.tls))

    async def _start_tls(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            encrypted = await self.loop.start_tls(transport, self, context, server_side=True)
        except (OSError, ssl.SSLError):
            encrypted = None
        if encrypted is None:
            self._forget()
        else:
            super().connection_made(encrypted)
            early, self._early = self._early, None
            if early:
                self.data_received(bytes(early))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        self.pool.remove(self)
        for timer in (self._timer, self._send_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self._early is not None:
            self._early += data
            return
        super().data_received(data)
        self._note_phase()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._note_phase()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue to send."""
        super().resume_writing()
        if self._send_timer is not None:
            self._send_timer.cancel()

    def _note_phase(self) -> None:
        """Start the timer of a phase when it begins: what arrives within it does not prolong it."""
        # None before the first request, which the annotation in uvicorn does not say.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            phase, seconds = "request", REQUEST_TIMEOUT
        elif cycle.more_body:
            phase, seconds = "body", BODY_TIMEOUT
        else:
            phase, seconds = "response", None
        if phase == self._phase or not self.is_counted:
            return
        self._phase = phase
        self.pool.note_waiting(self, waiting=phase != "response")
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._time_out) if seconds else None

    def _time_out(self) -> None:
        if self._phase == "request" and self.transport.get_write_buffer_size():
            # The end of the last response is still on its way.
            self._timer = self.loop.call_later(SEND_TIMEOUT, self.transport.abort)
        else:
            self.transport.abort()


def create_protocol(limit: int, per_client: int | None, tls: ssl.SSLContext | None) -> type[LimitedProtocol]:
    """Return the class of the connections of one server."""
    return type("ServerProtocol", (LimitedProtocol,), {"pool": ConnectionPool(limit, per_client), "tls": tls})
