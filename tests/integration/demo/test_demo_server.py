"""The newsroom on sockets: the log has what was exchanged, over http and https, complete or aborted."""

import http.client
import json
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from tests.newsroom import OPENS, Newsroom, create_certificate, read_log, serve


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_log_holds_what_went_over_the_wire(tmp_path: Path, scheme: str) -> None:
    """Each exchange is one line of the log, request and response to the byte, also on a persistent connection."""
    log = tmp_path / "log.jsonl"
    newsroom = Newsroom(articles=60)
    certificate = create_certificate(tmp_path)
    tls = certificate.server_context() if scheme == "https" else None
    with serve(newsroom, log=log, tls=tls) as server:
        assert server.url == f"{scheme}://127.0.0.1:{server.port}/"
        connection = (
            http.client.HTTPSConnection(
                "127.0.0.1", server.port, context=ssl.create_default_context(cafile=certificate.certificate_file)
            )
            if tls
            else http.client.HTTPConnection("127.0.0.1", server.port)
        )
        for path in ("/", "/feed.xml", "/about"):
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            connection.getresponse().read()
        connection.close()
    logged = list(read_log(log))
    assert [entry.url for entry in logged] == [f"{server.url}{path}" for path in ("", "feed.xml", "about")]
    for entry in logged:
        assert entry.request.startswith(b"GET /")
        assert entry.request.endswith(b"\r\n\r\n")
        assert entry.response == newsroom.respond("GET", entry.url, [("Accept-Encoding", "gzip")], OPENS).data
        assert (entry.complete, entry.tls, entry.at) == (True, scheme == "https", OPENS.isoformat())


def test_a_truncated_response_is_logged_up_to_its_end(tmp_path: Path) -> None:
    """If a client disconnects in the middle of a page, the log has what was sent until then."""
    log = tmp_path / "log.jsonl"
    newsroom = Newsroom(articles=60, page_size=20_000_000)
    with serve(newsroom, log=log) as server:
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(f"GET /about HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
            assert connection.recv(100)
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"GET /abo")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
        server.close()
    whole = newsroom.respond("GET", f"http://{server.host}/about", [], OPENS).data
    by_url = {entry.url: entry for entry in read_log(log)}
    cut = by_url[f"http://{server.host}/about"]
    assert not cut.complete
    assert 0 < len(cut.response) < len(whole)
    assert whole.startswith(cut.response)
    assert (by_url[""].request, by_url[""].response, by_url[""].complete) == (b"GET /abo", b"", False)


def test_one_server_plays_as_many_sites_as_it_has_names(tmp_path: Path) -> None:
    """Absolute URLs have the host and port that the client requested."""
    with serve(Newsroom(articles=60)) as server:
        for host in ("one.example", "two.example:8080"):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", "/robots.txt", headers={"Host": host})
            body = connection.getresponse().read().decode()
            connection.close()
            assert f"Sitemap: http://{host}/sitemap.xml\n" in body


def test_the_clock_is_set_through_a_control_port() -> None:
    """Other processes set the clock through its port, not through the site; invalid commands change nothing."""
    with serve(Newsroom(articles=60)) as server:
        control = http.client.HTTPConnection("127.0.0.1", server.open_control())

        def ask(method: str, wish: object = None) -> tuple[int, str]:
            control.request(method, "/clock", body=json.dumps(wish))
            response = control.getresponse()
            return response.status, json.loads(response.read())["at"]

        later = OPENS + timedelta(hours=1)
        assert ask("GET") == (200, OPENS.isoformat())
        assert ask("POST", {"advance": 3600}) == (200, later.isoformat())
        assert ask("POST", {"at": "2026-05-04T08:00:00"}) == (400, later.isoformat())
        assert ask("POST", {"at": "2026-05-05T08:00:00Z"}) == (200, "2026-05-05T08:00:00+00:00")
        assert server.clock.now() == OPENS + timedelta(days=1)
        control.close()


def test_an_invalid_request_is_refused(tmp_path: Path) -> None:
    """The response is 400, the connection is closed, the log has it."""
    log = tmp_path / "log.jsonl"
    with (
        serve(Newsroom(articles=60), log=log) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
    ):
        client.sendall(b"HELLO\r\n\r\n")
        assert client.recv(1_000).startswith(b"HTTP/1.1 400 ")
        assert client.recv(1_000) == b""
    assert [(entry.url, entry.request) for entry in read_log(log)] == [("", b"HELLO\r\n\r\n")]
