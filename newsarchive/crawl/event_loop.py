"""The event loop of the process: that of Twisted's asyncio reactor.

Scrapy's AsyncCrawlerProcess stops the reactor at its end, and a stopped reactor cannot be started again. Here the
reactor is started once, and its loop is run as often as needed, so that a program can crawl twice.
"""

import asyncio
import logging
import warnings
from collections.abc import Coroutine
from typing import Any, TypeVar

from scrapy.utils.reactor import install_reactor, is_reactor_installed, verify_installed_reactor
from twisted.logger import STDLibLogObserver, globalLogBeginner

from newsarchive.startup import raise_descriptor_limit

T = TypeVar("T")
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def reactor() -> Any:
    """Return the reactor; install and start it if necessary."""
    if is_reactor_installed():
        verify_installed_reactor(REACTOR)
    else:
        install_reactor(REACTOR)
    from twisted.internet import reactor as installed  # an earlier import would install another one

    started: Any = installed
    if not started.running:
        # Often 1,024 files, and a thousand hosts have a thousand connections.
        raise_descriptor_limit()
        # Until its log goes to logging, Twisted keeps all entries, those of 1xx responses with all that came.
        showwarning = warnings.showwarning
        observer: Any = STDLibLogObserver("twisted")  # mypy does not know zope's interfaces
        globalLogBeginner.beginLoggingTo([observer], discardBuffer=True, redirectStandardIO=False)
        warnings.showwarning = showwarning  # which Twisted replaces
        logging.getLogger("twisted").setLevel(logging.ERROR)
        started.startRunning(installSignalHandlers=False)
    return started


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in the reactor's loop; Scrapy and Twisted work while it runs."""
    loop: asyncio.AbstractEventLoop = reactor()._asyncioEventloop  # noqa: SLF001 - Twisted has no other name for it
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(main)
