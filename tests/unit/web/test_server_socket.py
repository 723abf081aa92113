"""Listening socket of the server."""

import asyncio
import socket

import pytest

from newsarchive.web.server import bind_socket
from storage.errors import CannotListen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connections_set_tcp_nodelay(host: str) -> None:
    """TCP_NODELAY is set on accepted connections: a body does not wait for the acknowledgement of the head."""
    try:
        listening = bind_socket(host, 0)
    except CannotListen:
        pytest.skip(f"this machine does not have {host}")

    async def get_nodelay() -> int:
        nodelay: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nodelay.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(serve, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
            try:
                return await nodelay
            finally:
                writer.close()
                await writer.wait_closed()

    assert asyncio.run(get_nodelay()) == 1
