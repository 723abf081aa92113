import http.client
from pathlib import Path

from newsarchive.demo import OPENS, Newsroom, read_log, serve


def test_the_log_holds_what_went_over_the_wire(tmp_path: Path) -> None:
    """Each exchange is one line of the log, request and response to the byte, also on a connection that is kept."""
    log = tmp_path / "log.jsonl"
    newsroom = Newsroom(articles=60)
    with serve(newsroom, log=log) as server:
        connection = http.client.HTTPConnection(server.host, server.port)
        bodies = []
        for path in ("/", "/feed.xml"):
            connection.request("GET", path, headers={"Accept-Encoding": "identity"})
            bodies.append(connection.getresponse().read())
        connection.close()
    logged = list(read_log(log))
    assert [entry.url for entry in logged] == [server.url, f"{server.url}feed.xml"]
    for entry, body in zip(logged, bodies, strict=True):
        headers = [("Accept-Encoding", "identity")]
        assert entry.complete
        assert entry.response == newsroom.respond("GET", entry.url, headers, OPENS).data
        assert (
            newsroom.entity(server.url.rstrip("/"), entry.url.removeprefix(server.url.rstrip("/")), OPENS).body == body
        )
