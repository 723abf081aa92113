"""The demo newsroom: a small, made-up news site with a fixed clock, right answers, and a log of every byte."""

from newsarchive.demo.answers import Answers, RightArticle, RightPage, RightVersion
from newsarchive.demo.clock import OPENS, Clock
from newsarchive.demo.log import Logged, read_log
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.server import Server, serve
from newsarchive.demo.tls import Certificate, self_signed

__all__ = [
    "OPENS",
    "Answers",
    "Certificate",
    "Clock",
    "Logged",
    "Newsroom",
    "RightArticle",
    "RightPage",
    "RightVersion",
    "Server",
    "read_log",
    "self_signed",
    "serve",
]
