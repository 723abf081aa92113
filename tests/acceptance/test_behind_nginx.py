"""The browser behind nginx, with the very blocks of docs/browser.md: what a proxy must not change reaches readers."""

import base64
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from newsarchive.archive import Archive
from newsarchive.urls.wb_url import format_timestamp
from tests.in_process import run_in_process
from tests.newsroom.certificate import create_certificate

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs" / "browser.md"
HOST = "archive.example"
PASSWORD = "Basic " + base64.b64encode(b"ada:sesame").decode()
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log stderr;
{user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{block}
}}
"""
Ask = Callable[..., tuple[http.client.HTTPResponse, bytes]]


class Connection(http.client.HTTPSConnection):
    """A connection to nginx on the loopback interface, as a client of an address that its DNS names."""

    def __init__(self, port: int, context: ssl.SSLContext, address: str) -> None:
        super().__init__(HOST, timeout=60, context=context)
        self._nginx, self._tls, self._address = ("127.0.0.1", port), context, address

    def connect(self) -> None:
        """Connect from the client's address, and ask for the host by SNI."""
        plain = socket.create_connection(self._nginx, timeout=60, source_address=(self._address, 0))
        self.sock = self._tls.wrap_socket(plain, server_hostname=HOST)


def find_block(language: str, about: str, title: str = "Behind nginx") -> str:
    """Return the code block of a section."""
    section = PAGE.read_text("utf-8").partition(f"### {title}\n")[2].partition("\n### ")[0]
    (block,) = [text for text in re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL) if about in text]
    return str(block)


def replace_once(text: str, old: str, new: object) -> str:
    """Replace what the block has once; what it has not would leave the test without sense."""
    assert text.count(old) == 1
    return text.replace(old, str(new))


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def own(tmp_path: Path, morgue: Path) -> Path:
    """A copy of the archive with the settings of the docs, and a user."""
    folder = Path(shutil.copytree(morgue, tmp_path / "own", ignore=shutil.ignore_patterns("*-shm", "*-wal")))
    user = run_in_process("serve", "--hash-password", stdin="sesame\n").stdout.replace("NAME", "ada")
    with (folder / "newsarchive.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{find_block('toml', 'public_url')}\n[serve.users]\n{user}")
    return folder


@contextmanager
def serve(own: Path, printed: Path) -> Iterator[tuple[int, Path]]:
    """Run `newsarchive serve --auth`: its port and the file of what it prints."""
    port = find_free_port()
    words = ["serve", "--port", str(port), "--auth", "--log-requests", "--archive", str(own)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with printed.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "newsarchive", *words], stdout=out, stderr=out, env=environment
        )
    with server:
        while "Serving" not in printed.read_text():
            assert server.poll() is None
            time.sleep(0.05)
        try:
            yield port, printed
        finally:
            server.terminate()


@pytest.fixture
def backend(own: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Serve the archive."""
    with serve(own, tmp_path / "printed") as started:
        yield started


@pytest.fixture
def ask(backend: tuple[int, Path], tmp_path: Path) -> Iterator[Ask]:
    """Start nginx before one server, and return a function that sends a request through it."""
    block = replace_once(find_block("nginx", "proxy_pass"), "127.0.0.1:8000", f"127.0.0.1:{backend[0]}")
    with start_nginx(tmp_path, block) as send:
        yield send


@contextmanager
def start_nginx(tmp_path: Path, block: str) -> Iterator[Ask]:
    """Start nginx with a block of the docs, and return a function that sends a request through it."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    made, port = create_certificate(tmp_path, HOST), find_free_port()
    block = replace_once(block, "listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    block = replace_once(block, "/etc/ssl/archive.example.pem", made.certificate_file)
    block = replace_once(block, "/etc/ssl/archive.example.key", made.key_file)
    (folder := tmp_path / "nginx").mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, block=block, user=user))
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert (tested.returncode, "[warn]" in tested.stderr) == (0, False), tested.stderr
    trusting = ssl.create_default_context(cafile=made.certificate_file)
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None
                time.sleep(0.05)

        def send(
            path: str, method: str = "GET", body: bytes | None = None, address: str = "127.0.0.1", **headers: str
        ) -> tuple[http.client.HTTPResponse, bytes]:
            named = {name.replace("_", "-"): value for name, value in ({"authorization": PASSWORD} | headers).items()}
            with closing(Connection(port, trusting, address)) as connection:
                connection.request(method, path, body, named)
                response = connection.getresponse()
                return response, response.read()

        try:
            yield send
        finally:
            process.terminate()


def test_a_reader_sees_the_same_through_nginx(ask: Ask, own: Path, backend: tuple[int, Path]) -> None:
    """Passwords, public URLs, snapshots of any address, ranges, HEAD and limits; only the client's address is added."""
    refused, _ = ask("/", authorization="")
    assert (refused.status, refused.getheader("www-authenticate", "")[:5]) == (401, "Basic")
    home, page = ask("/")
    assert home.status == 200
    assert b"<html" in page

    feed, text = ask("/search.atom?q=harbour")
    assert (feed.status, f"https://{HOST}/".encode() in text, b"127.0.0.1:8000" in text) == (200, True, False)

    with Archive.open_to_read(own) as archive:
        article = archive.article(1)
        assert article is not None
        capture = article.captures[0]
        stamp, url, file = format_timestamp(capture.fetched_at), capture.url, capture.place.warc
        size = (own / "warc" / file).stat().st_size
    snapshot, text = ask(f"/web/{stamp}/{url}")
    assert (snapshot.status, b"<iframe" in text) == (200, True)
    raw, text = ask(f"/web/{stamp}id_/{url}")
    assert (raw.status, b"<html" in text.lower()) == (200, True)
    moved, _ = ask(f"/web/{stamp[:8]}/{url}")
    assert moved.status in {302, 307}
    assert (moved.getheader("location") or "").startswith((f"https://{HOST}/web/{stamp}/", f"/web/{stamp}/"))
    for odd in ("https://news.example//two//slashes", "https://news.example/a%2Fb%20c?d=%26&e=/./f"):
        missing, text = ask(f"/web/{stamp}/{odd}")
        assert missing.status == 404
        assert odd.partition("?")[0].encode() in text, "nginx decoded or merged parts of the address"
    gate, _ = ask(f"/timegate/{url}", accept_datetime="Mon, 04 May 2026 08:00:00 GMT")
    assert f"https://{HOST}/" in (gate.getheader("link") or "")

    part, data = ask(f"/warcs/{quote(file)}", range="bytes=0-9")
    assert (part.status, part.getheader("content-range"), len(data)) == (206, f"bytes 0-9/{size}", 10)
    head, data = ask(f"/warcs/{quote(file)}", method="HEAD")
    assert (head.status, head.getheader("content-length"), data) == (200, str(size), b"")
    beyond, _ = ask(f"/warcs/{quote(file)}", range=f"bytes={size}-")
    assert beyond.status == 416
    form = {"content_type": "application/x-www-form-urlencoded"}
    for length in (200_000, 2_000_000):  # the limit of the server, and that of nginx
        large, _ = ask("/exports", method="POST", body=b"a" * length, origin=f"https://{HOST}", **form)
        assert large.status == 413

    ask("/search?q=tides", address="127.0.0.7", x_forwarded_for="203.0.113.9", host="other.example")
    log = backend[1].read_text()
    assert "127.0.0.7" in log, "the client's address is not that of the connection to nginx"
    assert "203.0.113.9" not in log, "a client chose its address"


def test_two_processes_serve_one_archive(own: Path, tmp_path: Path) -> None:
    """Clients are divided between them, each client's requests go to one, and it finds its export again."""
    with serve(own, tmp_path / "first") as first, serve(own, tmp_path / "second") as second:
        upstream = find_block("nginx", "upstream", "Several processes")
        for port, started in ((8000, first), (8001, second)):
            upstream = replace_once(upstream, f"127.0.0.1:{port}", f"127.0.0.1:{started[0]}")
        block = replace_once(find_block("nginx", "proxy_pass"), "http://127.0.0.1:8000", "http://newsarchive")
        with start_nginx(tmp_path, upstream + block) as send:
            addresses = [f"127.0.0.{number}" for number in range(10, 30)]
            for address in addresses * 2:
                assert send("/search?q=tides", address=address)[0].status == 200
            printed = [set(re.findall(r"127\.0\.0\.[12]\d\b", log.read_text())) for _, log in (first, second)]
            served = [each & {*addresses} for each in printed]
            assert all(served)
            assert served[0].isdisjoint(served[1])
            assert served[0] | served[1] == {*addresses}
            form = {"content_type": "application/x-www-form-urlencoded", "origin": f"https://{HOST}"}
            one = min(served[1])
            made, _ = send("/exports", "POST", b"format=csv&q=", one, **form)
            assert made.status == 303, made.status
            location = (made.getheader("location") or "").replace(f"https://{HOST}", "")
            assert send(location, address=one)[0].status == 200
