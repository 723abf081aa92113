"""What the server listens with."""

import asyncio
import socket

import pytest

from newsarchive.web.server import bound
from storage.errors import CannotListen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_pieces_of_an_answer_do_not_wait_for_each_other(host: str) -> None:
    """A connection that was accepted sends head and body at once, whatever the client has acknowledged."""
    try:
        listening = bound(host, 0)
    except CannotListen:
        pytest.skip(f"this machine has no {host}")

    async def accepted() -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(serve, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
            try:
                return await told
            finally:
                writer.close()
                await writer.wait_closed()

    assert asyncio.run(accepted()) == 1
