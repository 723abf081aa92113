"""The demo newsroom: a simulated news site with a fixed clock, expected results, and a log of every exchange."""

from tests.newsroom.certificate import Certificate, create_certificate
from tests.newsroom.clock import OPENS, Clock
from tests.newsroom.exchange_log import LoggedExchange, read_log
from tests.newsroom.expected import ExpectedArticle, ExpectedPage, ExpectedSite, ExpectedVersion
from tests.newsroom.newsroom import Newsroom
from tests.newsroom.server import NewsroomServer, serve

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
