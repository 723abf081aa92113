"""Requests in progress: a limit for each client and for all, and the end of the work for a client that has left."""

import asyncio
from collections import Counter

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import RETRY_AFTER, HttpMiddleware, problem_response
from newsarchive.web.middleware.rate_limit import client_key
from newsarchive.web.middleware.security import SAFE_METHODS
from newsarchive.web.serve_options import RequestLimits
from storage.index.engine.database import WorkLimit


class ClientWorkMiddleware(HttpMiddleware):
    """ASGI middleware: 503 beyond the limits of concurrent requests; `request.state.work` is cancelled on disconnect.

    A request is in progress until the last byte of its response was accepted by the client's connection.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        super().__init__(app)
        self.limits = limits
        self.active: Counter[str] = Counter()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        client = client_key(scope)
        work = scope.setdefault("state", {})["work"] = WorkLimit(self.limits.cpu_limit)
        if self.active[client] >= self.limits.max_per_client or self.active.total() >= self.limits.max_concurrent:
            detail = "This archive is answering as many requests as it can. Try again in a while."
            await problem_response(Request(scope), 503, detail, RETRY_AFTER)(scope, receive, send)
            return
        self.active[client] += 1
        try:
            if scope["method"] in SAFE_METHODS:
                await run_until_disconnect(self.app, scope, receive, send, work)
            else:
                await self.app(scope, receive, send)
        finally:
            self.active[client] -= 1
            if not self.active[client]:
                del self.active[client]


async def run_until_disconnect(app: ASGIApp, scope: Scope, receive: Receive, send: Send, work: WorkLimit) -> None:
    """Answer a request without a body; `work` is cancelled if the client disconnects before the response is complete.

    The application cannot notice that itself: its handlers run in threads, and wait for the index.
    """
    gone, is_complete = asyncio.Event(), False
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        if not is_complete:
            # In a thread: PostgreSQL is asked to cancel over a connection of its own.
            await asyncio.get_running_loop().run_in_executor(None, work.cancel)

    async def receive_empty() -> Message:
        request = next(requests, None)
        if request is None:
            await gone.wait()
        return request or {"type": "http.disconnect"}

    async def note_end(message: Message) -> None:
        nonlocal is_complete
        is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await send(message)

    watching = asyncio.create_task(watch())
    try:
        await app(scope, receive_empty, note_end)
    finally:
        watching.cancel()
