"""What the comparison with other programs rests on: costs, what was on the wire, what a WARC file holds of it."""

import doctest
import gzip
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from newsarchive.config.toml_file import load_config
from storage.index import Index
from storage.warc.record import build_member, clean_fields
from tests.newsroom.exchange_log import ExchangeLog, LoggedExchange

ROOT = str(Path(__file__).parents[3])
if ROOT not in sys.path:
    sys.path.append(ROOT)

from benchmarks import inserting, table  # noqa: E402 - benchmarks/ is no installed package
from benchmarks.cost import Cost, middle, run_timed  # noqa: E402
from benchmarks.peers import crawls, indexes, wire  # noqa: E402
from benchmarks.peers.crawlers import CRAWLERS  # noqa: E402
from benchmarks.peers.environments import Environment, Missing  # noqa: E402
from benchmarks.peers.peer import Course, Peer  # noqa: E402
from benchmarks.peers.scripts import html_records  # noqa: E402

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n0\r\nX: y\r\n\r\n"
ASKED = b"GET /town/quay-opens-10011 HTTP/1.1\r\nHost: x\r\n\r\n"
URL = "http://x/town/quay-opens-10011"


def logged(request: bytes, response: bytes, url: str = URL, *, complete: bool = True) -> LoggedExchange:
    """An exchange as the newsroom notes it."""
    return LoggedExchange(url=url, at="", connection=1, request=request, response=response, complete=complete)


def record(kind: str, block: bytes) -> bytes:
    """A record as one gzip member."""
    fields = [
        ("WARC-Record-ID", "<urn:uuid:00000000-0000-4000-8000-000000000000>"),
        ("WARC-Date", "2026-05-04T08:00:00Z"),
        ("WARC-Target-URI", URL),
        ("Content-Type", f"application/http; msgtype={kind}"),
    ]
    return build_member(kind, clean_fields(fields), block)


@pytest.fixture
def sent(tmp_path: Path) -> wire.Wire:
    """One page, the same by a HEAD, one that broke off, one that only looks like an article, one that is missing."""
    with ExchangeLog(tmp_path / "log") as log:
        log.write(logged(ASKED, PAGE))
        log.write(logged(ASKED.replace(b"GET", b"HEAD"), PAGE))
        log.write(logged(ASKED, PAGE[:-20], complete=False))
        log.write(logged(ASKED, PAGE, "http://x/long-reads/no-article-90001"))
        log.write(logged(ASKED, PAGE.replace(b"200 OK", b"404 Gone"), "http://x/town/lost-10012"))
    return wire.wire(tmp_path / "log")


def test_pages_are_counted_by_what_the_server_sent(sent: wire.Wire) -> None:
    """Whole answers to GET with status 200 that are HTML; an article once, however often it was fetched."""
    assert (sent.exchanges, sent.pages, sent.articles) == (5, 2, frozenset({10011}))


def test_a_record_is_exact_only_to_the_byte(sent: wire.Wire, tmp_path: Path) -> None:
    """A response without the last line of its trailer is not what was sent."""
    blocks = [("response", PAGE), ("request", ASKED), ("response", PAGE[:-2]), ("request", ASKED + b"x")]
    warc = tmp_path / "a.warc.gz"
    warc.write_bytes(b"".join(record(kind, block) for kind, block in [*blocks, ("revisit", PAGE[:70])]))
    held = wire.compare_warcs([warc], sent)
    assert held == wire.Kept(responses=2, exact=1, requests=2, exact_requests=1, revisits=1)
    assert held.told() == ("1 of 2", "1 of 2")


def test_pages_of_a_file_come_out_of_their_codings(tmp_path: Path) -> None:
    """Chunks, a trailer, gzip; pages only, and no more than asked for."""
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"Words")
    picture = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nPNG"
    warc = tmp_path / "a.warc.gz"
    warc.write_bytes(b"".join(record("response", block) for block in (PAGE, picture, plain, plain)))
    assert list(html_records.pages(str(warc), 2)) == [(URL, b"Wiki"), (URL, b"Words")]


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    """CPU of a child counts, memory of both is seen together; the main process's own CPU stands apart."""
    child = "x = b'x' * 60_000_000; n = 0\nfor _ in range(4_000_000): n += 1\nimport time; time.sleep(1.2)"
    parent = f"import subprocess, sys; y = b'y' * 60_000_000; subprocess.run([sys.executable, '-c', {child!r}])"
    cost = run_timed([sys.executable, "-c", parent], folder=tmp_path)
    assert cost.cpu > cost.main > 0
    assert cost.together > 120_000_000
    assert cost.peak > 60_000_000
    assert cost.wall > 1.2


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    """With the end of what it wrote."""
    with pytest.raises(SystemExit, match=r"ended with 3: oh no"):
        run_timed([sys.executable, "-c", "print('oh no', flush=True); raise SystemExit(3)"], folder=tmp_path)


def test_each_figure_is_a_median() -> None:
    """Not of whole runs."""
    costs = [Cost(wall=n, cpu=4 - n, main=1, peak=n, together=n) for n in (1, 3, 2)]
    assert middle(costs) == Cost(wall=2, cpu=2, main=1, peak=2, together=2)


@pytest.mark.slow
def test_failed_installations_are_reported(tmp_path: Path) -> None:
    """In a line, and tried again the next time."""
    found = Environment(name="none", requirements=(str(tmp_path / "no-such-project"),)).made(tmp_path / "cache")
    assert isinstance(found, Missing)
    assert found.reason.startswith("cannot be installed: ")
    peer = Peer(name="none", command=lambda _: (), settings="", undone="all", again="", program="no-such-program")
    assert peer.python(tmp_path, Path(sys.executable)) == Missing(reason="no-such-program is not installed")
    assert crawls.missing(peer, found, crawls.KEPT) == ["none", found.reason, "–", "–", "–"]


def test_the_page_shows_the_cost_of_a_crawl(sent: wire.Wire, capsys: pytest.CaptureFixture[str]) -> None:
    """And held against newsarchive's; of three runs the middle one counts."""
    peers = [
        Peer(name=name, command=lambda _: (), settings="as it is", undone="all", again="nothing")
        for name in ("newsarchive", "b")
    ]
    hauls = {
        name: [
            crawls.Haul(
                cost=Cost(wall=wall, cpu=cpu * wall, main=0, peak=0, together=50_000_000),
                out=1,
                wire=sent,
                kept=None,
                texts=frozenset(),
            )
            for wall in (1, 2, 9)
        ]
        for name, cpu in (("newsarchive", 0.01), ("b", 0.04))
    }
    crawls.report(peers, {peer.name: Path("python") for peer in peers}, hauls)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| newsarchive | 1 of 1 | none | 2 | 1.0 | 10.0 | 1.00 | 20.0 | 50 |"
    assert lines[3] == "| b | 1 of 1 | none | 2 | 1.0 | 40.0 | 4.00 | 80.0 | 50 |"
    assert lines[8] == "| b | no WARC | no | nothing | all |"


def test_every_peer_states_its_missing_features(tmp_path: Path) -> None:
    """And its command runs in the environment that it was given, or is a program."""
    python = tmp_path / "env" / "bin" / "python"
    config = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "newsplease" / "config"
    config.mkdir(parents=True)
    (config / "config.cfg").write_text("LOG_LEVEL = INFO\nworking_path = ~/x/\n")
    course = Course(url="http://127.0.0.2:1/", folder=tmp_path, python=python)
    for peer in CRAWLERS:
        assert peer.undone
        command = peer.command(course)
        assert str(python) in command or peer.program or peer.environment is None
    assert [site.layouts is not None for site in load_config(tmp_path).sites] == [True]
    assert (tmp_path / "config.cfg").read_text() == f"LOG_LEVEL = WARNING\nworking_path = {tmp_path}/\n"


def test_the_rows_of_an_index_are_inserted_as_they_are(tmp_path: Path) -> None:
    """All tables, in several transactions, without what triggers would add."""
    Index.open(f"sqlite:///{tmp_path / 'index.sqlite3'}").close()
    with closing(sqlite3.connect(tmp_path / "index.sqlite3")) as connection, connection:
        connection.executemany(
            "INSERT INTO paragraphs VALUES (?, ?, ?)", [(n, bytes([n]), f"No. {n}") for n in range(9)]
        )
    rows = inserting.rows_of(tmp_path / "index.sqlite3")
    assert inserting.insert_rows(rows, tmp_path / "copy.sqlite3", captures=200) > 0
    again = inserting.rows_of(tmp_path / "copy.sqlite3")
    assert again.tables == rows.tables
    assert len(rows.tables["paragraphs"]) == 9


def test_lines_of_two_indexes_are_alike_but_for_their_keys(tmp_path: Path) -> None:
    """The order of their fields does not matter."""
    (tmp_path / "a").write_text(f"2,0,0,127)/ 20260504080000 {json.dumps({'url': 'u', 'offset': '1'})}\n")
    (tmp_path / "b").write_text(f"127.0.0.2)/ 20260504080000 {json.dumps({'offset': '1', 'url': 'u'})}\n")
    assert indexes.lines_of(tmp_path / "a") == indexes.lines_of(tmp_path / "b") != set()


@pytest.mark.parametrize("module", [table, wire, html_records], ids=lambda module: module.__name__)
def test_examples_hold(module: object) -> None:
    """Benchmarks are outside of what pytest looks through for doctests."""
    assert doctest.testmod(module, raise_on_error=False).failed == 0  # type: ignore[arg-type]
