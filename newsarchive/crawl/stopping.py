"""Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends the process where it stands."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsarchive.crawl import event_loop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGINT and SIGTERM call `stop` in the event loop. The second signal aborts: the next start mends."""
    if threading.current_thread() is not threading.main_thread():
        yield  # a program that crawls in a thread has its signals elsewhere
        return
    reactor = event_loop.reactor()

    def first(_: int, __: object) -> None:
        for each in SIGNALS:
            signal.signal(each, _abort)
        reactor.callFromThread(stop)

    before = {each: signal.signal(each, first) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _abort(number: int, _: object) -> None:
    os.write(2, b"\naborted; the next crawl takes up what was kept\n")
    os._exit(128 + number)
