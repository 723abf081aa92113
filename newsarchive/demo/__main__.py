"""`python -m newsarchive.demo serve`: the newsroom as a process of its own."""

import argparse
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from newsarchive.demo.clock import OPENS, Clock
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.server import serve


def main(words: Sequence[str] | None = None) -> int:
    """Parse the command line, serve until interrupted."""
    options = _parser().parse_args(words)
    newsroom = Newsroom(seed=options.seed, articles=options.articles, length=options.length)
    at = datetime.fromisoformat(options.at).astimezone(UTC) if options.at else OPENS
    clock = Clock(at, runs=options.runs)
    with serve(newsroom, options.host, options.port, clock=clock, log=options.log) as server:
        print(f"listening on {server.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m newsarchive.demo", description="A made-up news site on loopback.")
    command = parser.add_subparsers(required=True, metavar="serve").add_parser("serve", help="serve it until Ctrl-C")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    command.add_argument("--articles", type=int, default=72)
    command.add_argument("--length", type=int, default=19, help="paragraphs of an article")
    command.add_argument("--seed", default="lantern")
    command.add_argument("--log", type=Path, help="write every exchange there, a JSON line each")
    command.add_argument("--at", help=f"the newsroom's time, ISO 8601 ({OPENS.isoformat()})")
    command.add_argument("--runs", action="store_true", help="let the newsroom's clock run on from there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
