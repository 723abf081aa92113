"""The demo newsroom as a process of its own, with pages of a realistic size, for crawlers to be measured on."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = 1_500_000_000
"""Bytes of ready answers that it keeps: all pages, even where they are not compressed."""
OURS = "gzip, deflate, br"
ALL_CODINGS = "gzip, br, zstd"
"""The Accept-Encoding of our crawls, and of clients that take more."""
HOST = "127.0.0.2"
"""Of loopback, and not its first: warcprox refuses to go there."""


@contextmanager
def newsroom(articles: int, page_size: int, *, accepts: str = OURS, log: Path | None = None) -> Iterator[str]:
    """Serve it on a free port of loopback; the URL is that of its front page.

    Args:
        articles: How many are out.
        page_size: Bytes of a page's HTML, about.
        accepts: The Accept-Encoding of who comes: the articles are made ready for it beforehand.
        log: Where every exchange is to be noted, to the byte.
    """
    command = [sys.executable, "-m", "tests.newsroom", "serve", "--host", HOST, "--port", "0"]
    command += ["--memory", str(MEMORY), "--articles", str(articles), "--page-size", str(page_size), "--warm", accepts]
    command += ["--log", str(log)] if log else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            if not found:
                raise SystemExit("the newsroom did not start")
            yield found[0]
        finally:
            server.terminate()
