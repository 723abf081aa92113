import http.client
import socket
from pathlib import Path

import pytest

from tests.newsroom import OPENS, read_log, serve
from tests.newsroom.hostile import HOSTILE_RESPONSES, HostileNewsroom, HostileResponse
from tests.newsroom.http_messages import AfterResponse, Request, Response


def _ask(port: int, path: str, answer: Response) -> bytes:
    """Send one request and read the response. A server that hangs sees the end of the connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        if answer.after is AfterResponse.HANG:
            connection.shutdown(socket.SHUT_WR)
        got = b""
        while answer.after is not AfterResponse.KEEP or len(got) < len(answer.data):
            try:
                piece = connection.recv(65_536)
            except ConnectionResetError:
                break
            got += piece
            if not piece:
                break
        return got


@pytest.mark.parametrize("shape", HOSTILE_RESPONSES, ids=lambda shape: shape.name)
def test_each_wire_form_is_sent_and_logged_byte_for_byte(shape: HostileResponse, tmp_path: Path) -> None:
    """A client reads what the log has and what the response defines, however broken."""
    newsroom = HostileNewsroom()
    log = tmp_path / "log.jsonl"
    with serve(newsroom, log=log) as server:
        origin = server.url.rstrip("/")
        answer = newsroom.get_response(origin, Request(method="GET", target=f"/{shape.name}"), OPENS)
        got = _ask(server.port, f"/{shape.name}", answer)
    (entry,) = read_log(log)
    assert (entry.url, entry.response) == (f"{origin}/{shape.name}", answer.data)
    assert answer.data.startswith(got) if answer.after is AfterResponse.RESET else got == answer.data


def test_a_flaky_server_answers_only_the_first_request_of_a_connection(tmp_path: Path) -> None:
    """A connection that is used again is closed without a response, and the log has the unanswered request."""
    log = tmp_path / "log.jsonl"
    with serve(HostileNewsroom("flaky"), log=log) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/flaky")
        assert connection.getresponse().read()
        connection.request("GET", "/flaky")
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()
    assert [(bool(entry.response), entry.complete) for entry in read_log(log)] == [(True, True), (False, False)]
