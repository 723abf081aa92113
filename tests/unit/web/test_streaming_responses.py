"""A client that disconnects during a response leaves no resources open."""

from collections.abc import Generator, Iterator
from io import BytesIO

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from newsarchive.web.concurrency import HeavyRequests
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from storage.index.engine.database import WorkLimit


class Rows:
    """Rows that record when they are closed."""

    def __init__(self) -> None:
        self.open = True

    def __iter__(self) -> Iterator[str]:
        """Yield many rows."""
        try:
            for number in range(1_000_000):
                yield f"{number}\n"
        finally:
            self.open = False


def send_response(rows: Rows, heavy: HeavyRequests, spec: str) -> None:
    """Send a response to a client that disconnects after the first row."""
    disconnected = anyio.Event()

    async def receive() -> Message:
        await disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            disconnected.set()
            if spec == "2.4":
                raise OSError
            await anyio.sleep_forever()

    scope: Scope = {"type": "http", "asgi": {"spec_version": spec}}
    anyio.run(ClosingStreamingResponse(heavy.stream(iter(rows), WorkLimit(1))), scope, receive, send)


def test_a_disconnect_releases_the_slot() -> None:
    """The rows are closed and the slot is released at once, not by the garbage collector."""
    heavy, rows = HeavyRequests(1), Rows()
    for _ in range(3):
        send_response(rows, heavy, "2.3")
        assert not rows.open
        with heavy.slot():
            rows = Rows()


def test_a_disconnect_by_exception_releases_the_slot() -> None:
    """ASGI 2.4: the next send raises."""
    heavy, rows = HeavyRequests(1), Rows()
    with pytest.raises(ClientDisconnect):
        send_response(rows, heavy, "2.4")
    assert not rows.open
    with heavy.slot():
        pass


def test_a_complete_response_releases_the_slot() -> None:
    """All rows are sent; then the slot is free."""
    sent: list[bytes] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    heavy = HeavyRequests(1)
    anyio.run(ClosingStreamingResponse(heavy.stream(iter(["a", "b"]), WorkLimit(1))), {"type": "http"}, receive, send)
    assert b"".join(sent) == b"ab"
    with heavy.slot():
        pass


def test_a_file_is_closed_after_its_last_chunk() -> None:
    """It is sent from its beginning, whatever its position, and closed."""
    file = BytesIO(b"a" * 300_000 + b"b")
    file.read(7)
    assert b"".join(read_chunks(lambda: file)) == b"a" * 300_000 + b"b"
    assert file.closed


def test_a_response_that_never_begins_opens_no_file() -> None:
    """A client that left before the first chunk leaves nothing to close."""
    opened: list[BytesIO] = []

    def open_file() -> BytesIO:
        opened.append(BytesIO(b"a"))
        return opened[-1]

    chunks = read_chunks(open_file)
    assert isinstance(chunks, Generator)
    chunks.close()
    assert opened == []
