"""The demo newsroom: a simulated news site with a fixed clock, expected results, and a log of every exchange."""

from newsarchive.demo.certificate import Certificate, create_certificate
from newsarchive.demo.clock import OPENS, Clock
from newsarchive.demo.exchange_log import LoggedExchange, read_log
from newsarchive.demo.expected import ExpectedArticle, ExpectedPage, ExpectedSite, ExpectedVersion
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.server import NewsroomServer, serve

__all__ = [
    "OPENS",
    "Certificate",
    "Clock",
    "ExpectedArticle",
    "ExpectedPage",
    "ExpectedSite",
    "ExpectedVersion",
    "LoggedExchange",
    "Newsroom",
    "NewsroomServer",
    "create_certificate",
    "read_log",
    "serve",
]
