"""Files of other tools are imported with blocks and headers unchanged, one gzip member per record."""

import gzip
import http.server
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from storage.warc.check import check_file
from storage.warc.importer import import_file
from storage.warc.payload import decode_payload
from storage.warc.reader import CaptureRecord, read_captures

PAGES = {
    "/": b'<html><body><a href="/ferry.html">Ferry</a> <a href="/old.html">Old</a> <img src="/dot.gif"></body></html>',
    "/ferry.html": b"<html><body><p>The ferry is late again.</p></body></html>",
    "/dot.gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,;",
}


class _Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/old.html":
            self.send_response(302)
            self.send_header("Location", "/ferry.html")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        page = PAGES.get(self.path)
        body = gzip.compress(page or b"no such page", mtime=0) if self.path == "/ferry.html" else page or b"no"
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "image/gif" if self.path.endswith("gif") else "text/html")
        if self.path == "/ferry.html":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A small site on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder of the archive."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def wget(site: str, folder: Path, *options: str) -> Path:
    """Archive the site with wget."""
    command = ["wget", "-q", "-r", "-l2", "-p", "--no-config", "-e", "robots=off", f"--warc-file={folder / 'w'}"]
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [*command, "--warc-max-size=0", "--compression=none", *options, f"{site}/"],
        cwd=folder, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    (made,) = (each for each in folder.glob("w*") if "warc" in each.suffixes[0])
    return made


def captures_of(files: tuple[Path, ...]) -> list[CaptureRecord]:
    """Return all captures of some files."""
    return [each for path in files for each in read_captures(path) if isinstance(each, CaptureRecord)]


def blocks_by_warcio(path: Path) -> list[tuple[str, str, bytes]]:
    """Return type, id and block of each record, as warcio reads them."""
    with path.open("rb") as file:
        return [
            (each.rec_type, each.rec_headers.get_header("WARC-Record-ID"), each.raw_stream.read())
            for each in WarcioIterator(file, no_record_parse=True)
        ]


@pytest.mark.needs_program("wget")
@pytest.mark.parametrize("options", [(), ("--no-warc-compression",)], ids=["gzip", "plain"])
def test_wget_archives_are_imported_whole(site: str, tmp_path: Path, into: Path, options: tuple[str, ...]) -> None:
    """Each page that wget fetched is a capture with the content that the server sent."""
    source = wget(site, tmp_path / "wget", *options)
    adopted = import_file(source, into)
    assert adopted.damage == ()
    (path,) = adopted.files
    assert blocks_by_warcio(path) == blocks_by_warcio(source)
    if not options:
        assert path.read_bytes() == source.read_bytes()
    found = {each.capture.url.removeprefix(site): each for each in captures_of(adopted.files)}
    for name, page in PAGES.items():
        capture = found[name].capture
        assert (capture.kind, capture.status, capture.crawl) == ("response", 200, None)
        assert decode_payload(found[name].block, 10_000) == page
    assert found["/old.html"].capture.redirect_url == f"{site}/ferry.html"
    report = check_file(path)
    assert report.problems == []
    assert {note.what for note in report.notes} <= {"payload digest over the body as stored, chunk framing included"}


# In a process of its own: warcio leaves temporary files to the garbage collector, which warns of them.
WARCIO = r"""
import io, sys
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

with open(sys.argv[1], "wb") as file:
    writer = WARCWriter(file, gzip=sys.argv[1].endswith(".gz"), warc_version="1.0")
    writer.write_record(writer.create_warcinfo_record("w", {"software": "other"}))
    url = "http://harbour.example/a"
    head = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), ("ETag", '"1"')], protocol="HTTP/1.1")
    page = writer.create_warc_record(url, "response", payload=io.BytesIO(b"<p>hello"), http_headers=head)
    asked = StatusAndHeaders("GET /a HTTP/1.1", [("Host", "harbour.example")], is_http_request=True)
    request = writer.create_warc_record(url, "request", http_headers=asked)
    writer.write_request_response_pair(request, page)
    digest = page.rec_headers.get_header("WARC-Payload-Digest")
    date = page.rec_headers.get_header("WARC-Date")
    writer.write_record(writer.create_revisit_record(url + "2", digest, url, date, http_headers=head))
    picture = io.BytesIO(b"\x89PNG")
    url = "http://harbour.example/p.png"
    writer.write_record(writer.create_warc_record(url, "resource", payload=picture, warc_content_type="image/png"))
"""


def warcio_file(path: Path) -> Path:
    """A file by warcio: warcinfo, a page with its request, the same page as a revisit, a picture as a resource."""
    subprocess.run([sys.executable, "-c", WARCIO, path], check=True, capture_output=True)
    return path


def whole_file_gzip(tmp_path: Path) -> Path:
    """The same in one gzip member, as `gzip file.warc` makes it."""
    path = tmp_path / "whole.warc.gz"
    path.write_bytes(gzip.compress(warcio_file(tmp_path / "plain.warc").read_bytes()))
    return path


def wacz(tmp_path: Path) -> Path:
    """The same in a WACZ, under a name that points outside of it."""
    path = tmp_path / "pages.wacz"
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("datapackage.json", "{}")
        container.writestr("archive/../../../escaped.warc.gz", warcio_file(tmp_path / "data.warc.gz").read_bytes())
        container.writestr("pages/pages.jsonl", "{}")
    return path


@pytest.mark.parametrize("form", ["members", "plain", "whole", "wacz"])
def test_every_form_of_a_file_comes_in_the_same(form: str, tmp_path: Path, into: Path) -> None:
    """However a file is compressed or packed, its records are imported the same, one per member."""
    source = {
        "members": lambda: warcio_file(tmp_path / "m.warc.gz"),
        "plain": lambda: warcio_file(tmp_path / "p.warc"),
        "whole": lambda: whole_file_gzip(tmp_path),
        "wacz": lambda: wacz(tmp_path),
    }[form]()
    adopted = import_file(source, into)
    assert (adopted.damage, adopted.record_count) == ((), 5)
    (path,) = adopted.files
    assert path.parent == into
    assert [each.name for each in into.iterdir()] == [path.name]
    assert check_file(path).problems == []
    assert subprocess.run(["gzip", "-t", path], capture_output=True, check=False).returncode == 0
    if form == "members":
        assert path.read_bytes() == source.read_bytes()
    page, again, picture = captures_of(adopted.files)
    assert (page.capture.kind, page.capture.status, page.capture.mime, page.capture.etag) == (
        "response", 200, "text/html", '"1"',
    )  # fmt: skip
    assert (again.capture.kind, again.capture.profile) == ("revisit", "identical-payload-digest")
    assert again.capture.refers_to is not None
    assert again.capture.refers_to.date == page.capture.date
    assert (picture.capture.kind, picture.capture.status, picture.capture.mime) == ("resource", None, "image/png")
    assert picture.block == b"\x89PNG"


def test_the_same_file_comes_in_once(tmp_path: Path, into: Path) -> None:
    """A file is recognised by its content, whatever its name."""
    source = warcio_file(tmp_path / "one.warc.gz")
    first = import_file(source, into)
    again = import_file(source, into)
    assert (again.files, again.already_imported) == ((), (first.files[0].name,))
    assert len(list(into.iterdir())) == 1


VERSION = b"1 0 Other\nURL IP-address Archive-date Content-type Archive-length\n"
ANSWER = b"HTTP/1.1 200 OK\nX-odd : one\nContent-Type: text/html\n\n<p>hello</p>\n"
ARC = [
    b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain %d\n%b\n" % (len(VERSION), VERSION),
    b"http://harbour.example/a 192.0.2.1 20080430204826 text/html %d\n%b\n" % (len(ANSWER), ANSWER),
]


@pytest.mark.parametrize("compressed", [False, True], ids=["arc", "arc.gz"])
def test_an_arc_file_comes_in_as_warc(tmp_path: Path, into: Path, compressed: bool) -> None:
    """URLs, dates and response bytes of ARC records are kept."""
    source = tmp_path / ("old.arc.gz" if compressed else "old.arc")
    source.write_bytes(b"".join(gzip.compress(each, mtime=0) if compressed else each for each in ARC))
    adopted = import_file(source, into)
    assert adopted.damage == ()
    (page,) = captures_of(adopted.files)
    assert (page.capture.url, page.capture.status, page.capture.date) == (
        "http://harbour.example/a", 200, "2008-04-30T20:48:26Z",
    )  # fmt: skip
    assert page.block == ANSWER
    assert blocks_by_warcio(adopted.files[0])[1][2] == ANSWER
    assert check_file(adopted.files[0]).problems == []
