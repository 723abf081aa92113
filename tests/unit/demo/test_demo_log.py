from pathlib import Path

from tests.newsroom.exchange_log import ExchangeLog, LoggedExchange, read_log

ENTRY = LoggedExchange(
    url="http://lantern.example/",
    at="2026-05-04T08:00:00+00:00",
    connection=1,
    request=b"GET / HTTP/1.1\r\n\r\n",
    response=bytes(range(256)),
    complete=True,
)


def test_a_log_returns_what_was_written(tmp_path: Path) -> None:
    """Any bytes are read back; an incomplete last line is ignored."""
    path = tmp_path / "log.jsonl"
    with ExchangeLog(path) as log:
        log.write(ENTRY)
        log.write(ENTRY)
    with path.open("a") as file:
        file.write('{"url": "http')
    assert list(read_log(path)) == [ENTRY, ENTRY]


def test_a_closed_log_takes_nothing_and_says_nothing(tmp_path: Path) -> None:
    """Connections may end after the server was closed."""
    log = ExchangeLog(tmp_path / "log.jsonl")
    log.close()
    log.write(ENTRY)
    assert not list(read_log(tmp_path / "log.jsonl"))
