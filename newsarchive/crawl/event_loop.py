"""The process's one event loop, that of Twisted's asyncio reactor.

Scrapy's own AsyncCrawlerProcess stops the reactor at the end, and a stopped reactor cannot start again. Here it is
started once and its loop is run as often as there is something to do: a program can crawl twice.
"""

import asyncio
import logging
import resource
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from scrapy.utils.reactor import install_reactor, is_reactor_installed, verify_installed_reactor
from twisted.logger import STDLibLogObserver, globalLogBeginner

T = TypeVar("T")
OPEN_FILES = 8_192
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def reactor() -> Any:
    """The reactor, installed and started if it was not."""
    if is_reactor_installed():
        verify_installed_reactor(REACTOR)
    else:
        install_reactor(REACTOR)
    from twisted.internet import reactor as installed  # importing it earlier would install another one

    started: Any = installed
    if not started.running:
        _allow_connections()
        _listen()
        started.startRunning(installSignalHandlers=False)
    return started


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in the reactor's loop; Scrapy and Twisted work while it runs."""
    loop: asyncio.AbstractEventLoop = reactor()._asyncioEventloop  # noqa: SLF001 - Twisted has no other name for it
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(main)


def _listen() -> None:
    """Have Twisted log as all others do. Until somebody begins to, it keeps all that it logs in memory, and with each
    1xx answer all that came on that connection.
    """
    shown = warnings.showwarning
    observer: Any = STDLibLogObserver("twisted")  # mypy does not know zope's interfaces
    globalLogBeginner.beginLoggingTo([observer], discardBuffer=True, redirectStandardIO=False)
    warnings.showwarning = shown  # warnings are no part of it
    logging.getLogger("twisted").setLevel(logging.ERROR)


def _allow_connections() -> None:
    """A thousand hosts keep a thousand connections open; many systems give a process 1,024 files unless it asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
