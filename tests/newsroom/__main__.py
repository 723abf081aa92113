"""`python -m tests.newsroom serve`: run the newsroom as a separate process."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.newsroom.certificate import create_certificate
from tests.newsroom.clock import OPENS, Clock
from tests.newsroom.newsroom import Newsroom
from tests.newsroom.server import serve


def main(words: Sequence[str] | None = None) -> int:
    """Parse the command line, serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(words)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        tls = None
        if options.https:
            folder = options.certificate or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            tls = create_certificate(folder).server_context()
        newsroom = Newsroom(
            seed=options.seed,
            articles=options.articles,
            length=options.length,
            page_size=options.page_size,
            memory=options.memory,
        )
        at = datetime.fromisoformat(options.at).astimezone(UTC) if options.at else OPENS
        server = stack.enter_context(
            serve(newsroom, options.host, options.port, clock=Clock(at, runs=options.runs), log=options.log, tls=tls)
        )
        server.delay = options.delay
        if options.control_port is not None:
            print(f"clock on http://{server.host}:{server.open_control(options.control_port)}/clock", flush=True)
        if options.warm:
            newsroom.warm(server.url.rstrip("/"), server.clock.now(), options.warm)
        print(f"listening on {server.url}", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.newsroom", description="A simulated news site on the loopback interface."
    )
    command = parser.add_subparsers(required=True, metavar="serve").add_parser("serve", help="serve it until Ctrl-C")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8000, help="0 takes a free one (8000)")
    command.add_argument("--articles", type=int, default=72, help="published when the clock starts (72)")
    command.add_argument("--length", type=int, default=19, help="paragraphs of an article (19)")
    command.add_argument("--page-size", type=int, default=0, help="bytes of an HTML page; 0: no padding")
    command.add_argument(
        "--warm",
        nargs="?",
        const="gzip, br, zstd",
        metavar="CODINGS",
        help="prepare all responses first, for clients that accept these codings (gzip, br, zstd): for benchmarks",
    )
    command.add_argument(
        "--memory", type=int, default=300_000_000, help="bytes of prepared responses to cache (300000000)"
    )
    command.add_argument("--seed", default="lantern-1911", help="another seed generates other articles")
    command.add_argument("--delay", type=float, default=0.0, help="seconds before each response (0)")
    command.add_argument("--log", type=Path, help="log every exchange there, one JSON line each")
    command.add_argument("--at", help=f"the newsroom's time, ISO 8601 ({OPENS.isoformat()})")
    command.add_argument("--runs", action="store_true", help="let the newsroom's clock run from there")
    command.add_argument("--control-port", type=int, help="port that sets the clock; 0 takes a free one")
    command.add_argument("--https", action="store_true", help="serve https with a self-signed certificate")
    command.add_argument("--certificate", type=Path, help="folder for lantern.crt and lantern.key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
