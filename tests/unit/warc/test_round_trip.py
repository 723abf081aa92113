"""Captures, discoveries, runs and blocks are read as they were written (law 1)."""

import gzip
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.model import Capture, ClosedWarc, CrawlRun, Discovery, Exchange, RefersTo, Site, UrlKind
from storage.page_date import PageDate
from storage.warc.check import check_file
from storage.warc.provenance import normalize_discovery
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures, read_record, read_records
from storage.warc.writer import WarcWriter

BEGAN = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ENDED = CrawlRun(
    id="20260301T120000Z-3f9a",
    sites=(Site(name="zürich", url="https://zürich.example/", hosts=("a.example:8080", "b.example")),),
    started_at=BEGAN,
    finished_at=BEGAN + timedelta(minutes=5),
    outcome="finished",
    counters={"captures": 3, "bytes": 10**12},
)
RUN = CrawlRun(id=ENDED.id, sites=ENDED.sites, started_at=BEGAN)

TEXT = st.text(max_size=60)
TIMES = st.integers(0, 10**16).map(
    lambda microseconds: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(
        timezone(timedelta(hours=5))
    )
)
DISCOVERIES = st.builds(
    Discovery,
    site=st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True),
    kind=st.sampled_from(UrlKind),
    via=st.none() | st.just("https://a.example/feed?x=ü"),
    via_kind=st.none() | st.sampled_from(UrlKind),
    title=st.none() | TEXT,
    published=st.none() | st.builds(PageDate.from_time, TIMES),
    anchor=st.none() | TEXT,
)
HEADS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b'HTTP/1.1 301 Moved\r\nLocation: ../a b?\xe4#x\r\nETag: W/"\xfc"\r\n\r\n',
        b"HTTP/1.0 404\nno colon\n folded\n\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"",
    ]
)
EXCHANGES = st.builds(
    Exchange,
    url=st.sampled_from(["http://a.example/", "https://a.example/ü?q=%20 #", "HTTP://A.example/x"]),
    started_at=TIMES,
    request=st.binary(max_size=60),
    response=st.builds(lambda head, body: head + body, HEADS, st.binary(max_size=300)),
    peer=st.none() | st.just("2001:db8::7"),
    protocols=st.sampled_from([(), ("http/1.1", "tls/1.3")]),
    cipher=st.none() | st.just("TLS_AES_128_GCM_SHA256"),
    truncated=st.none() | st.sampled_from(["length", "time", "disconnect"]),
    discovery=st.none() | DISCOVERIES,
)


class Committed:
    """Originals that are committed as soon as they are written."""

    def __init__(self) -> None:
        self.digests: dict[str, RefersTo] = {}
        self.urls: dict[str, RefersTo] = {}

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return self.digests.get(payload_digest)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return self.urls.get(url)

    def commit(self, capture: Capture) -> None:
        if (capture.kind, capture.status, capture.truncated) == ("response", 200, None) and capture.payload_digest:
            original = RefersTo(record_id=capture.record_id, url=capture.url, date=capture.date)
            self.digests.setdefault(capture.payload_digest, original)
            self.urls[capture.url] = original


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that no other example uses."""
    base = tmp_path_factory.mktemp("examples")
    return (base / str(number) for number in itertools.count())


@settings(max_examples=60)
@given(exchanges=st.lists(EXCHANGES, min_size=1, max_size=5))
@example(
    exchanges=[
        Exchange(
            url="http://a.example/",
            started_at=BEGAN,
            request=b"",
            response=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300,
            discovery=Discovery(
                site="a", kind=UrlKind.ARTICLE, title=" two\r\nlines\u2028\x85\x0b ", anchor="half \ud83d a pair"
            ),
        )
    ]
    * 2
)
def test_the_live_archive_and_a_rebuild_see_the_same(folders: Iterator[Path], exchanges: list[Exchange]) -> None:
    """A reader of the file finds the captures and discoveries that the writer returned, and the blocks as received; the
    file has no problem.
    """
    folder = next(folders)
    folder.mkdir()
    originals = Committed()
    writer = WarcWriter(folder, run=RUN, info={"software": "newsarchive\n1"}, originals=originals)
    live: list[tuple[Capture, Discovery | None]] = []
    for one in exchanges:
        capture = writer.write(one)
        originals.commit(capture)
        live.append((capture, normalize_discovery(one.discovery) if one.discovery else None))
    writer.write_run_end(ENDED)
    closed = writer.close()
    assert closed is not None
    path = folder / closed.name

    began, *middle, ended = list(read_captures(path))
    assert (began, ended) == (RunStarted(run=RUN), RunEnded(run=ENDED))
    found = [each for each in middle if isinstance(each, CaptureRecord)]
    assert [(each.capture, each.discovery) for each in found] == live
    for one, each in zip(exchanges, found, strict=True):
        assert one.response.endswith(each.block) or each.capture.kind == "revisit"
        assert read_record(path, each.capture.place.offset).block == each.block
    report = check_file(path)
    assert (report.problems, report.sha256, report.size) == ([], closed.sha256, closed.size)
    assert gzip.decompress(path.read_bytes()).endswith(b"\r\n\r\n")


@given(discovery=DISCOVERIES)
def test_a_discovery_is_settled_once_written(discovery: Discovery) -> None:
    """A discovery that was read is written unchanged."""
    assert normalize_discovery(normalize_discovery(discovery)) == normalize_discovery(discovery)


def test_reading_from_an_offset_finds_the_rest(tmp_path: Path) -> None:
    """Recovery reads from the end of the last indexed record on: it finds the captures behind it, and their run."""
    writer = WarcWriter(tmp_path, run=RUN, info={}, originals=Committed())
    found = Discovery(site="a", kind=UrlKind.FEED)
    captures = [
        writer.write(
            Exchange(
                url=f"http://a.example/{number}",
                started_at=BEGAN,
                request=b"GET",
                response=b"HTTP/1.1 200 OK\r\n\r\n%d" % number,
                discovery=found,
            )
        )
        for number in range(4)
    ]
    closed = writer.close()
    assert closed is not None
    for number, capture in enumerate(captures):
        start = capture.place.offset + capture.place.length
        rest = [each for each in read_captures(tmp_path / closed.name, start) if isinstance(each, CaptureRecord)]
        assert [each.capture for each in rest] == captures[number + 1 :]
        assert {each.discovery for each in rest} <= {found}


def test_files_rotate_between_exchanges(tmp_path: Path) -> None:
    """A new file begins by size or by age, never within an exchange; each begins with a warcinfo record of the run."""
    clock = itertools.chain([BEGAN] * 30, itertools.repeat(BEGAN + timedelta(days=1, seconds=1)))
    closed: list[ClosedWarc] = []
    opened: list[str] = []
    writer = WarcWriter(
        tmp_path,
        run=RUN,
        info={},
        originals=Committed(),
        size_limit=2500,
        now=lambda: next(clock),
        on_opened=opened.append,
        on_closed=closed.append,
    )
    urls = [f"http://a.example/{number}" for number in range(40)]
    for url in urls:
        writer.write(
            Exchange(url=url, started_at=BEGAN, request=b"GET", response=b"HTTP/1.1 404 No\r\n\r\n" + url.encode())
        )
    writer.close()
    assert writer.close() is None
    assert [each.name for each in closed] == opened == sorted(each.name for each in tmp_path.iterdir())
    assert [each.name.split("-")[2] for each in closed] == [f"{number + 1:05}" for number in range(len(closed))]
    read: list[str] = []
    for each in closed:
        types = [record.type for record in read_records(tmp_path / each.name)]
        assert types == ["warcinfo", *["response", "request"] * (len(types) // 2)]
        read += [record.uri for record in read_records(tmp_path / each.name) if record.type == "response"]
        assert check_file(tmp_path / each.name).problems == []
    assert read == urls


def test_a_writer_without_records_leaves_no_file(tmp_path: Path) -> None:
    """A run without captures creates no file."""
    writer = WarcWriter(tmp_path, run=RUN, info={}, originals=Committed())
    writer.sync()
    writer.write_run_end(ENDED)
    assert writer.close() is None
    assert list(tmp_path.iterdir()) == []


OK = b"HTTP/1.1 200 OK\r\n"
BODY = b"<p>The same page again.</p>" * 30
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (OK + b"\r\n" + BODY, OK + b"X-New: 1\r\n\r\n" + BODY, "revisit"),
        # the framing is the server's whim: the payload is the same
        (
            OK + b"\r\n" + BODY,
            OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
            "revisit",
        ),
        (OK + b"\r\n" + BODY, b"HTTP/1.1 304 Not Modified\r\n\r\n", "revisit"),
        (OK + b"\r\n" + BODY, OK + b"\r\n" + BODY + b"!", "response"),
        # a soft 404, and the page that stands behind every redirect, say something else than the page they equal
        (OK + b"\r\n" + BODY, b"HTTP/1.1 404 Not Found\r\n\r\n" + BODY, "response"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + BODY, OK + b"\r\n" + BODY, "response"),
        (OK + b"\r\n", OK + b"\r\n", "response"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + BODY, b"HTTP/1.1 304 Not Modified\r\n\r\n", "response"),
        (BODY, BODY, "response"),
    ],
)
def test_revisits_are_classified(tmp_path: Path, first: bytes, second: bytes, kind: str) -> None:
    """Only a complete 200 with the same payload, and a 304 of a known page, are revisits."""
    originals = Committed()
    writer = WarcWriter(tmp_path, run=RUN, info={}, originals=originals)
    earlier = writer.write(Exchange(url="http://a.example/", started_at=BEGAN, request=b"", response=first))
    originals.commit(earlier)
    later = writer.write(Exchange(url="http://a.example/", started_at=BEGAN, request=b"", response=second))
    writer.close()
    assert later.kind == kind
    if kind == "revisit":
        assert later.refers_to == RefersTo(record_id=earlier.record_id, url=earlier.url, date=earlier.date)
        assert later.payload_size == 0


def test_a_cut_answer_is_never_a_revisit(tmp_path: Path) -> None:
    """A truncated response is never a duplicate."""
    originals = Committed()
    writer = WarcWriter(tmp_path, run=RUN, info={}, originals=originals)
    whole = Exchange(url="http://a.example/", started_at=BEGAN, request=b"", response=OK + b"\r\n" + BODY)
    originals.commit(writer.write(whole))
    cut = Exchange(url=whole.url, started_at=BEGAN, request=b"", response=whole.response, truncated="length")
    capture = writer.write(cut)
    writer.close()
    assert (capture.kind, capture.truncated) == ("response", "length")
