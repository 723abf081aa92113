"""Who goes away in the middle of an answer leaves nothing held."""

from collections.abc import Iterator
from io import BytesIO

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from newsarchive.web.middleware.rate_limit import Heavy
from newsarchive.web.responses.streaming import Streamed, in_pieces


class Rows:
    """Rows that say when nobody holds them any more."""

    def __init__(self) -> None:
        self.open = True

    def __iter__(self) -> Iterator[str]:
        """Many."""
        try:
            for number in range(1_000_000):
                yield f"{number}\n"
        finally:
            self.open = False


def answered(rows: Rows, heavy: Heavy, spec: str) -> None:
    """One answer whose reader goes away after the first row."""
    gone = anyio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            gone.set()
            if spec == "2.4":
                raise OSError
            await anyio.sleep_forever()

    scope: Scope = {"type": "http", "asgi": {"spec_version": spec}}
    anyio.run(Streamed(heavy.stream(iter(rows))), scope, receive, send)


def test_a_reader_who_goes_away_gives_the_place_back() -> None:
    """The rows are closed and the place is free at once, not when the garbage collector comes by."""
    heavy, rows = Heavy(1), Rows()
    for _ in range(3):
        answered(rows, heavy, "2.3")
        assert not rows.open
        with heavy.one():
            rows = Rows()


def test_a_server_that_tells_by_an_error_is_no_other_case() -> None:
    """ASGI 2.4: the next send fails."""
    heavy, rows = Heavy(1), Rows()
    with pytest.raises(ClientDisconnect):
        answered(rows, heavy, "2.4")
    assert not rows.open
    with heavy.one():
        pass


def test_an_answer_that_is_read_to_its_end_is_whole() -> None:
    """All rows come, and the place is free after them."""
    sent: list[bytes] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    heavy = Heavy(1)
    anyio.run(Streamed(heavy.stream(iter(["a", "b"]))), {"type": "http"}, receive, send)
    assert b"".join(sent) == b"ab"
    with heavy.one():
        pass


def test_a_file_is_closed_behind_its_last_piece() -> None:
    """It is sent from its beginning, wherever it stood, and nothing of it stays open."""
    file = BytesIO(b"a" * 300_000 + b"b")
    file.read(7)
    assert b"".join(in_pieces(file)) == b"a" * 300_000 + b"b"
    assert file.closed
