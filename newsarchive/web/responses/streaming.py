"""Answers that flow. What they flow from is closed when they end: at the last item, at an error, when the reader goes.

Starlette leaves that to the garbage collector, which may take a while: until then files, connections to the index and
places among the heavy requests would be held for readers who are long gone.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from anyio import CancelScope, to_thread
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE = 1 << 18


class Streamed(StreamingResponse):
    """A StreamingResponse from an iterator that is closed in any case."""

    def __init__(self, content: Iterator[str] | Iterator[bytes], **words: Any) -> None:
        super().__init__(content, **words)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; then close what it came from."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._close)

    def _close(self) -> None:
        close = getattr(self._content, "close", None)
        if close is not None:
            # A generator that still makes its next item ends with it.
            with suppress(ValueError):
                close()


def in_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """What a file holds, from its beginning; it is closed behind the last piece."""
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
