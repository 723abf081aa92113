"""Compression of pages and data in transit. Archived bytes and files are sent as they are."""

import re

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EXACT = re.compile(r"/web/[0-9]*id_/|/warcs/|/exports/.+/|/article/[0-9]+\.(warc\.gz|wacz)$")
"""Paths whose bytes, lengths and ranges a client may compare with the archive's."""


class CompressionMiddleware(GZipMiddleware):
    """ASGI middleware: gzip for text, as the client accepts it."""

    def __init__(self, app: ASGIApp, compresslevel: int) -> None:
        excluded = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
        super().__init__(app, compresslevel=compresslevel, exclude_content_types=excluded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_weak(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "content-encoding" in headers and headers.get("etag", "").startswith('"'):
                    # Another representation, which is not equal byte for byte (RFC 9110 8.8.3.3).
                    headers["etag"] = f"W/{headers['etag']}"
            await send(message)

        if scope["type"] != "http" or _EXACT.match(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send_weak)
