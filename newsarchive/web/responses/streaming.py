"""Streamed responses.

They close their source when they end: at the last item, at an error, or when the client leaves. Starlette leaves that
to the garbage collector; until it runs, files, connections and slots of heavy requests would stay in use.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

from anyio import CancelScope, to_thread
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE = 1 << 18


class ClosingStreamingResponse(StreamingResponse):
    """StreamingResponse that closes its iterator."""

    def __init__(self, content: Iterator[str] | Iterator[bytes], **options: Any) -> None:
        super().__init__(content, **options)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then close its iterator."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._content, "close", lambda: None)
            # ValueError: the generator is still producing an item; it ends after that.
            with CancelScope(shield=True), suppress(ValueError):
                await to_thread.run_sync(close)


def read_chunks(open_file: Callable[[], IO[bytes]], begin: int = 0, end: int = sys.maxsize) -> Iterator[bytes]:
    """Yield a part of a file that is opened with the first piece, then close it."""
    with open_file() as file:
        file.seek(begin)
        while piece := file.read(min(_PIECE, end - file.tell())):
            yield piece
