"""The demo newsroom: a small, made-up news site with a fixed clock, right answers, and a log of every byte."""

from newsarchive.demo.clock import OPENS, Clock
from newsarchive.demo.log import Logged, read_log
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.server import Server, serve

__all__ = ["OPENS", "Clock", "Logged", "Newsroom", "Server", "read_log", "serve"]
