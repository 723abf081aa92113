"""Many small news sites, one a loopback (or other) address, that write down who asked for what, and when.

    python manysites.py LOG PORT --pages 60 --slow 0.5

A line of the log is an answer: site, path, who asked (its User-Agent), from where, begin and end on the machine's one
monotonic clock.
"""

import argparse
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WORDS = (
    "harbour council budget bridge winter market school river station garden museum theatre hospital library farmer "
    "teacher driver engineer mayor tunnel summer festival concert election ferry lighthouse"
).split()


def page(site: str, number: int) -> str:
    """An article of its own words, long enough to be one."""
    pick = [WORDS[(number * 7 + len(site) + step * (1 + number % 5)) % len(WORDS)] for step in range(160)]
    body = "".join(
        f"<p>{' '.join(pick[start : start + 20]).capitalize()} {site} {number} {start}.</p>"
        for start in range(0, 160, 20)
    )
    title = f"{' '.join(pick[:6]).title()} {number}"
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title><meta property='og:type' content='article'>"
        f"<meta property='article:published_time' content='{PUBLISHED}'></head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def front(pages: int) -> str:
    """The front page: a link to each article."""
    items = "".join(
        f"<li><a href='/story-of-the-day-{number}.html'>{WORDS[number % len(WORDS)]} and more, part {number}</a>"
        for number in range(1, pages + 1)
    )
    return f"<!doctype html><html><head><title>News</title></head><body><h1>News</h1><ul>{items}</ul></body></html>"


class Handler(BaseHTTPRequestHandler):
    """One answer after another, as HTTP/1.1 has it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        began = time.monotonic()
        site = self.connection.getsockname()[0]
        status, kind, text = 200, "text/html; charset=utf-8", ""
        if self.path == "/":
            text = front(OPTIONS.pages)
        elif self.path.startswith("/story-of-the-day-"):
            text = page(site, int("".join(c for c in self.path if c.isdigit())))
        elif self.path == "/robots.txt":
            kind, text = "text/plain", "User-agent: *\nAllow: /\n"
        else:
            status, text = 404, "<html><title>Not found</title><p>Not found"
        time.sleep(OPTIONS.slow)
        data = text.encode()
        whole = True
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            whole = False
        line = {
            "site": site, "path": self.path, "who": self.headers.get("User-Agent", ""), "peer": self.client_address[0],
            "began": began, "ended": time.monotonic(), "whole": whole,
        }  # fmt: skip
        with LOCK, OPTIONS.log.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


class Server(ThreadingHTTPServer):
    """Of either family, with room for many."""

    daemon_threads = True
    request_queue_size = 256
    address_family = socket.AF_INET


LOCK = threading.Lock()
OPTIONS = argparse.Namespace()
PUBLISHED = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--slow", type=float, default=0.2, help="seconds that each page takes")
    parser.add_argument("--bind", default="0.0.0.0")
    parser.parse_args(namespace=OPTIONS)
    server = Server(("", OPTIONS.port), Handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
