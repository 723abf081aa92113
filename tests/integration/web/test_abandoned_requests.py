"""What a client asked for ends in CPU time, and when the client leaves."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from newsarchive.web.middleware.client_limits import run_until_disconnect
from newsarchive.web.serve_options import RequestLimits, ServeOptions
from storage.errors import QueryTooLong
from storage.index.engine.database import WorkLimit

Browsers = Callable[..., TestClient]


def test_work_in_a_thread_ends_when_its_client_leaves() -> None:
    """The handler waits for the index and notices nothing; its work is cancelled for it."""
    work, begun, ended = WorkLimit(1e9), threading.Event(), []

    def count_until_cancelled() -> None:
        begun.set()
        with pytest.raises(QueryTooLong):
            for _ in work.limit(iter(int, 1)):
                pass
        ended.append(True)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await run_in_threadpool(count_until_cancelled)
        await Response()(scope, receive, send)

    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        await asyncio.to_thread(begun.wait)
        return next(requests, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        pass

    asyncio.run(run_until_disconnect(app, {"type": "http", "method": "GET"}, receive, send, work))
    assert ended


def test_the_end_of_a_complete_response_cancels_nothing() -> None:
    """A server reports a disconnect after each response, too."""
    work, done = WorkLimit(1e9), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("all")(scope, receive, send)
        await asyncio.sleep(0.01)

    async def receive() -> Message:
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            done.set()

    asyncio.run(run_until_disconnect(app, {"type": "http", "method": "GET"}, receive, send, work))
    assert not work.is_cancelled


ENDLESS = (
    "/cdx?url=news.example/*&page=0",
    "/cdx?url=news.example/*&filter=~url:.*x",
    "/cdx?url=news.example/*&matchType=prefix&pageSize=50&page=0",
    "/article/1.warc.gz",
    "/article/1.wacz",
    "/search?q=plain",
)


@pytest.mark.parametrize("path", ENDLESS)
def test_queries_filters_and_exports_end_in_cpu_time(browsers: Browsers, path: str) -> None:
    """503 as a page or problem, once the CPU time of a response is used up."""
    with browsers(ServeOptions(limits=RequestLimits(cpu_limit=-1.0))) as client:
        answer = client.get(path)
    assert answer.status_code == 503
    assert "time limit" in answer.text


@pytest.mark.parametrize("path", ["/search.jsonl?q=plain", "/search.csv?q=plain"])
def test_streamed_exports_end_in_cpu_time(browsers: Browsers, path: str) -> None:
    """Refused while nothing has been sent, so that no client takes a part for the whole."""
    with browsers(ServeOptions(limits=RequestLimits(cpu_limit=-1.0))) as client:
        answer = client.get(path)
    assert answer.status_code == 503
    assert "time limit" in answer.text


@pytest.mark.parametrize("path", ["/search.jsonl", "/search.csv", "/search.bib"])
def test_lines_are_sent_together(browsers: Browsers, path: str) -> None:
    """Each piece of a response changes threads: 5,800 lines took ten seconds when they were sent one by one."""
    pieces: list[bytes] = []
    with browsers() as client:

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def count(message: Message) -> None:
                if message.get("body"):
                    pieces.append(message["body"])
                await send(message)

            await client.app(scope, receive, count)

        answer = TestClient(app, base_url="http://127.0.0.1:8000").get(path, headers={"Accept-Encoding": "identity"})
    assert len(answer.text.splitlines()) > 1
    assert pieces == [answer.content]
