"""The laws with WARC files in a bucket: a real S3-compatible server, and its failures."""

import gzip
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.bucket.upload import Relocation
from newsarchive.ingest.index_warcs import settle
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS
from storage.errors import BucketRefused, BucketUnreachable, BytesDiffer, NotInBucket, WarcError
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import list_warc_files
from storage.places import Bucket, Places
from storage.places.transfer import BucketTransfer
from storage.warc.check import check_file
from storage.warc.reader import read_records

obstore = pytest.importorskip("obstore")
pytestmark = pytest.mark.slow
"""A server is started, and archives are crawled into it."""

SERVICES = Path(__file__).parents[2] / "services"
SCRIPT, MAKE_BUCKET = SERVICES / "radosgw.sh", SERVICES / "make_bucket.py"
KEYS = {"AWS_ACCESS_KEY_ID": "newsarchive", "AWS_SECRET_ACCESS_KEY": "newsarchive-secret"}
REGION = "us-east-1"
HOUR = timedelta(hours=1, minutes=5)
UPLOAD = """
import sys
from pathlib import Path
from storage.places import Bucket
from storage.places.transfer import BucketTransfer
BucketTransfer(Path(sys.argv[1]), Bucket(url=sys.argv[2], endpoint=sys.argv[3], region="us-east-1")).upload(sys.argv[4])
"""


class Line:
    """A connection to a server that can be cut: then nobody is refused, and nobody gets a response."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = threading.Event()
        self._open.set()
        self.left = 1 << 60
        """Bytes that clients may still send before the line is cut."""
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Block all traffic."""
        self._open.clear()

    def mend(self) -> None:
        """Allow all traffic again."""
        self.left = 1 << 60
        self._open.set()

    def close(self) -> None:
        """Accept no more clients."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for pair in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if is_up:
                    self.left -= len(data)
                    if self.left < 0:
                        self.cut()
                self._open.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running server."""

    port: int

    def bucket(self, *, is_locked: bool = False) -> Bucket:
        """A new, empty bucket; with a lock nobody can delete its objects for 30 days."""
        name = f"morgue-{uuid4().hex[:8]}"
        endpoint = f"http://127.0.0.1:{self.port}"
        words = [sys.executable, str(MAKE_BUCKET), endpoint, name, *([LOCK] if is_locked else [])]
        subprocess.run(words, check=True, env=os.environ | KEYS)
        return Bucket(url=f"s3://{name}/gazette", endpoint=endpoint, region=REGION)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Ceph's object gateway, for all tests of this file."""
    if not shutil.which("radosgw") or os.geteuid():
        pytest.skip("radosgw is not installed, or this is not root")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    words = [str(SCRIPT), str(tmp_path_factory.mktemp("ceph")), "127.0.0.1", str(port)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        try:
            assert server.stdout.readline() == "ready\n"
            yield Gateway(port=port)
        finally:
            server.stdin.close()
            server.wait(timeout=60)


@pytest.fixture
def line(gateway: Gateway) -> Iterator[Line]:
    """A connection to the server that a test may cut."""
    made = Line(gateway.port)
    yield made
    made.mend()
    made.close()


@pytest.fixture
def bucket(gateway: Gateway, line: Line, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket at the end of the line, with its keys in the environment."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    is_locked = getattr(request, "param", "") == "locked"
    return replace(gateway.bucket(is_locked=is_locked), endpoint=line.endpoint, timeout=1.0)


def into_bucket(rig: Any, bucket: Bucket, *more: str) -> None:
    """Give an archive a bucket, and keep no closed files in its folder."""
    settings = rig.folder / "newsarchive.toml"
    lines = [
        f'bucket = "{bucket.url}"', f'bucket_endpoint = "{bucket.endpoint}"', f'bucket_region = "{bucket.region}"',
        'bucket_timeout = "1s"', 'keep_local = "0s"', *more,
    ]  # fmt: skip
    settings.write_text("\n".join([*lines, settings.read_text()]))


def closed(rig: Any) -> list[str]:
    """Names of the WARC files that the folder has."""
    return [path.name for path in rig.warcs()]


def overwrite(bucket: Bucket, name: str, data: bytes) -> None:
    """Delete objects, which newsarchive never does."""
    with bucket._connect() as (_, store):
        obstore.put(store, name, data)


def test_an_archive_lives_in_a_bucket(
    build: Callable[..., Any], bucket: Bucket, postgres_url: str, tmp_path: Path, dump: Callable[..., Any]
) -> None:
    """With no closed file in the folder: crawl, verify, rebuild (equal), export, reextract and all APIs work."""
    rig = build(index=postgres_url)
    into_bucket(rig, bucket)
    rig.crawl()
    assert closed(rig) == []
    # The second crawl finds what is unchanged, and robots.txt, by records in the bucket.
    rig.crawl(rig.server.clock.advance(HOUR))
    assert closed(rig) == []
    names = [stored.name for stored in bucket.list_files()]
    assert len(names) == 2
    lines = rig.lines()
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index, waiting=False)
        urls = [capture.url for capture in archive.index.stream(iter_captures) if capture.kind == "revisit"]
        assert urls
        with TestClient(create_app(archive, DEFAULT_OPTIONS), base_url="http://127.0.0.1:8000") as client:
            for url in (urls[0], str(list(archive.index.stream(iter_export_lines))[0]["url"])):  # noqa: RUF015 - its cursor is read to the end
                assert client.get(f"/web/2100id_/{url}").status_code == 200
            ranged = client.get(f"/warcs/{names[0]}", headers={"range": "bytes=0-99"})
            assert (ranged.status_code, len(ranged.content)) == (206, 100)
            assert hashlib.sha256(client.get(f"/warcs/{names[0]}").content).hexdigest() in {
                file.sha256 for file in archive.index.read(list_warc_files)
            }
            record = client.get("/record/1")
            assert "cannot be read" not in record.text
    verified = rig.run("verify")
    assert (verified.returncode, "no problems" in verified.stdout) == (0, True), verified.stderr
    assert rig.run("rebuild").returncode == 0
    with Archive.open(rig.folder) as archive:
        assert dump(archive.index, waiting=False) == before
    assert rig.lines() == lines
    assert rig.run("reextract", "--all").returncode == 0
    assert rig.lines() == lines
    slice_ = tmp_path / "slice.warc.gz"
    assert rig.run("export", "-o", str(slice_)).returncode == 0
    assert check_file(slice_).problems == []
    assert closed(rig) == []


LOCK = """<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>
<Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>"""


@pytest.mark.parametrize("bucket", ["locked"], indirect=True)
def test_a_takedown_names_what_a_lock_holds(bucket: Bucket, tmp_path: Path) -> None:
    """The new object is in place; the old version is named, with the time until which nobody can delete it."""
    archive_of_bucket(tmp_path / "morgue", bucket)
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_page(tmp_path / "page.warc", "https://news.example/gone", b"zanzibarian")])
        assert not archive.upload().problems
        (name,) = (file.name for file in archive.places.files())
        until = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
        kept = bucket.find_version(name)
        assert re.fullmatch(
            rf"the bucket keeps earlier versions and \S+: its lock lets nobody delete it before {until} \d\d:\d\d UTC",
            kept,
        )
        report = archive.takedown(["https://news.example/gone"], "court order", dry_run=False)[-1]
        assert f"{name} in the bucket is replaced, but {kept}" in report.unreachable
        with bucket.open(name) as stored:
            assert b"zanzibarian" not in gzip.decompress(stored.read())
        assert not archive.verify().damaged


VERSIONS = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_takedown_names_what_a_bucket_with_versions_keeps(
    gateway: Gateway, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    """Also an object from before the bucket kept versions, and after a kill between the objects."""
    archive_of_bucket(tmp_path / "morgue", bucket)
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_page(tmp_path / "page.warc", "https://news.example/gone", b"zanzibarian")])
        assert not archive.upload().problems
        (name,) = (file.name for file in archive.places.files())
        plain = bucket.url.removeprefix("s3://").partition("/")[0]
        words = [sys.executable, str(MAKE_BUCKET), f"http://127.0.0.1:{gateway.port}", plain, VERSIONS]
        subprocess.run(words, check=True, env=os.environ | KEYS)
        if is_killed:
            monkeypatch.setattr(BucketTransfer, "upload", raise_interrupt)
            with pytest.raises(KeyboardInterrupt):
                archive.takedown(["https://news.example/gone"], "court order", dry_run=False)
            monkeypatch.undo()
            for key, value in KEYS.items():
                monkeypatch.setenv(key, value)
        report = archive.takedown(["https://news.example/gone"], "court order", dry_run=False)[-1]
    said = rf"{re.escape(name)} in the bucket is replaced, but the bucket keeps versions before \S+: delete them there"
    assert any(re.fullmatch(said, each) for each in report.unreachable), report.unreachable


def raise_interrupt(*_: object) -> None:
    """Die as a process does."""
    raise KeyboardInterrupt


def archive_of_bucket(folder: Path, bucket: Bucket) -> None:
    """Create an archive that has a bucket."""
    Archive.init(folder).close()
    toml = folder / "newsarchive.toml"
    names = f'bucket_endpoint = "{bucket.endpoint}"\nbucket_region = "{bucket.region}"\n'
    toml.write_text(f'bucket = "{bucket.url}"\n{names}{toml.read_text()}')


def write_page(file: Path, url: str, text: bytes) -> Path:
    """Write a WARC file of one page."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>A page</h1><p>" + text
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid4()}>\r\nWARC-Target-URI: {url}\r\n"
    head += "WARC-Date: 2026-03-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
    file.write_bytes(f"{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n")
    return file


def whole_records(rig: Any) -> set[str]:
    """Ids of all responses and revisits that can be read of the archive, wherever its files lie."""
    held: set[str] = set()
    with Archive.open(rig.folder) as archive:
        for file in archive.places.files():
            with suppress(WarcError):
                held.update(record.id for record in read_records(file) if record.type in ("response", "revisit"))
    return held


def test_kills_during_a_move_to_the_bucket_lose_nothing(
    build: Callable[..., Any], bucket: Bucket, dump: Callable[..., Any]
) -> None:
    """Files of a few pages, each uploaded and freed while the crawl goes on, which is killed at any moment: every
    record that was whole stays, in one place at least; nothing is twice; all verifies, and a rebuild is equal.
    """
    rig = build()
    into_bucket(rig, bucket, 'warc_size = "40kB"')
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('delay = "0s"', 'delay = "0.03s"'))
    moments = random.Random(7)
    seen: set[str] = set()
    killed = 0
    for _ in range(4):
        crawl = rig.start("crawl", "--clock", rig.server.clock.now().isoformat())
        wanted = len(rig.exchanges()) + moments.randint(5, 30)
        while crawl.is_alive() and len(rig.exchanges()) < wanted:
            time.sleep(0.02)
        killed += crawl.is_alive()
        crawl.kill()
        crawl.join()
        now = whole_records(rig)
        assert seen <= now, "what was whole when a process died is gone"
        seen = now
        rig.server.clock.advance(HOUR)
    assert killed >= 3
    rig.crawl()
    assert seen <= whole_records(rig)
    assert closed(rig) == []
    assert len(list(bucket.list_files())) > 10
    verified = rig.run("verify")
    assert verified.returncode == 0, verified.stderr
    assert rig.run("bucket", "--check").returncode == 0
    lines = rig.lines()
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index, waiting=False)
        assert len({capture.record_id for capture in archive.index.stream(iter_captures)}) == len(whole_records(rig))
    assert rig.run("rebuild").returncode == 0
    with Archive.open(rig.folder) as archive:
        assert dump(archive.index, waiting=False) == before
    assert rig.lines() == lines


def test_a_bucket_that_is_away_costs_a_crawl_nothing(build: Callable[..., Any], bucket: Bucket, line: Line) -> None:
    """The crawl succeeds and reports it; commands that need the bytes fail with the reason; the next crawl uploads."""
    rig = build()
    into_bucket(rig, bucket)
    rig.crawl()
    with Archive.open(rig.folder) as archive:
        urls = [str(each["url"]) for each in archive.index.stream(iter_export_lines)]
    line.cut()
    second = rig.crawl(rig.server.clock.advance(HOUR))
    assert "does not respond" in second.stderr
    assert "1 WARC file" in second.stderr
    assert "wait" in second.stderr
    assert len(closed(rig)) == 1
    refused = rig.run("rebuild")
    assert (refused.returncode, "does not respond" in refused.stderr) == (74, True)
    assert {str(each["url"]) for each in rig.articles()} >= set(urls), "the old index was touched"
    with Archive.open(rig.folder) as archive, TestClient(create_app(archive, DEFAULT_OPTIONS)) as client:
        away = client.get(f"/web/20000101000000id_/{urls[0]}")
        assert (away.status_code, away.json()["title"]) == (503, "The WARC files are unavailable")
        assert client.get("/").status_code == 200
        assert client.get("/search?q=harbour").status_code == 200
    doctor = rig.run("doctor")
    assert (doctor.returncode, "does not respond" in doctor.stdout) == (1, True)
    line.mend()
    third = rig.crawl(rig.server.clock.advance(HOUR))
    assert third.stderr == ""
    assert closed(rig) == []
    assert rig.run("verify").returncode == 0
    assert rig.run("bucket", "--check").returncode == 0


def test_wrong_keys_and_a_missing_bucket_are_distinguished(
    bucket: Bucket, build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own message, and neither stops a crawl."""
    with pytest.raises(BucketRefused, match="no such bucket"):
        list(replace(bucket, url="s3://never-made").list_files())
    with pytest.raises(BucketRefused, match="no such bucket"):
        replace(bucket, url="s3://never-made").stat("a.warc.gz")
    with pytest.raises(NotInBucket):
        bucket.stat("a.warc.gz")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(BucketRefused, match=r"access is denied with the credentials found \(SignatureDoesNotMatch\)"):
        list(replace(bucket, timeout=1.5).list_files())
    for name in KEYS:
        monkeypatch.delenv(name)
    with pytest.raises(BucketRefused, match="no credentials were found"):
        list(replace(bucket, timeout=1.6).list_files())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    rig = build()
    into_bucket(rig, bucket)
    assert "access is denied" in rig.crawl().stderr
    assert len(closed(rig)) == 1
    told = rig.run("bucket", "--check")
    assert (told.returncode, "access is denied" in told.stderr) == (74, True)


def test_a_kill_during_an_upload_leaves_no_partial_file(bucket: Bucket, line: Line, tmp_path: Path) -> None:
    """Killed during an upload: no object, the file is still local; the next upload completes it."""
    data = os.urandom(1 << 20) * 32
    (tmp_path / "a.warc.gz").write_bytes(data)
    line.left = 8 << 20
    words = [sys.executable, "-c", UPLOAD, str(tmp_path), bucket.url, bucket.endpoint, "a.warc.gz"]
    with subprocess.Popen(words) as child:
        while line.left > 0:
            time.sleep(0.01)
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
    line.mend()
    assert list(bucket.list_files()) == []
    assert (tmp_path / "a.warc.gz").read_bytes() == data
    carrier = BucketTransfer(tmp_path, bucket)
    assert carrier.log.read() == {}
    assert carrier.remove_local("a.warc.gz") == 0
    assert carrier.upload("a.warc.gz")
    assert carrier.remove_local("a.warc.gz") == len(data)
    with bucket.open("a.warc.gz") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == hashlib.sha256(data).hexdigest()  # type: ignore[arg-type]


def test_a_stalled_upload_times_out(
    bucket: Bucket, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time that the bytes may take: unreachable, nothing freed, and the next time it works."""
    monkeypatch.setattr("storage.places.bucket.MIN_BYTES_PER_SECOND", 1 << 24)
    (tmp_path / "a.warc.gz").write_bytes(os.urandom(1 << 20) * 16)
    line.left = 2 << 20
    carrier = BucketTransfer(tmp_path, bucket)
    with pytest.raises(BucketUnreachable):
        carrier.upload("a.warc.gz")
    assert carrier.log.read() == {}
    line.mend()
    assert carrier.upload("a.warc.gz")


def test_a_name_that_is_taken_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """Two machines, one name: equal bytes are one file; of different bytes the first stay."""
    homes = [tmp_path / "one", tmp_path / "two", tmp_path / "three"]
    for home, data in zip(homes, (b"same" * 1000, b"same" * 1000, b"else" * 1000), strict=True):
        home.mkdir()
        (home / "a.warc.gz").write_bytes(data)
    results: dict[Path, object] = {}

    def upload(home: Path) -> None:
        try:
            results[home] = BucketTransfer(home, bucket).upload("a.warc.gz")
        except BytesDiffer as problem:
            results[home] = problem

    threads = [threading.Thread(target=upload, args=(home,)) for home in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with bucket.open("a.warc.gz") as file:
        held = file.read()
    winners = [home for home in homes if (home / "a.warc.gz").read_bytes() == held]
    assert winners
    for home in homes:
        assert (results[home] is True) == (home in winners)
        assert bool(BucketTransfer(home, bucket).remove_local("a.warc.gz")) == (home in winners)


def test_an_object_cut_short_is_found(build: Callable[..., Any], bucket: Bucket) -> None:
    """Verify reports it with the file's name; no command takes it for intact."""
    rig = build()
    into_bucket(rig, bucket)
    rig.crawl(None, "--max-pages", "20")
    (stored,) = bucket.list_files()
    with bucket.open(stored.name) as file:
        whole = file.read()
    overwrite(bucket, stored.name, whole[:-1000])
    found = rig.run("verify")
    assert (found.returncode, stored.name in found.stderr) == (1, True)
    assert "its sha256 differs" in found.stderr
    told = rig.run("bucket", "--check")
    assert (told.returncode, "sizes differ" in told.stderr) == (1, True)
    moved = rig.run("bucket", "--to", "folder")
    assert (moved.returncode, "differ" in moved.stderr) == (1, True)
    assert closed(rig) == []
    overwrite(bucket, stored.name, whole)
    assert rig.run("verify").returncode == 0


def test_an_archive_moves_both_ways(bucket: Bucket, line: Line, tmp_path: Path) -> None:
    """Compared by digest, resumed after a cut connection, without leftovers."""
    files = {f"{n}.warc.gz": os.urandom(300_000) * (1 + 8 * n) for n in range(4)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    places = Places(folder=tmp_path, bucket=bucket)
    move = Relocation(places=places, digests=digests, remove=True)
    line.left = 4_000_000
    with pytest.raises(BucketUnreachable):
        _limited(move)
    line.mend()
    move.to_bucket()
    assert list(tmp_path.glob("*.warc.gz")) == []
    assert sorted(each.name for each in bucket.list_files()) == sorted(files)
    assert move.to_folder().problems == []
    assert list(bucket.list_files()) == []
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.warc.gz")} == files


def _limited(move: Relocation) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.places.bucket.MIN_BYTES_PER_SECOND", 1 << 26)
        move.to_bucket()


def test_machines_find_each_others_files(
    bucket: Bucket, archive_of: Callable[..., Archive], dump: Callable[..., Any]
) -> None:
    """Files that one machine uploaded are indexed by the next start of another; the indexes become equal."""
    config = (
        f'bucket = "{bucket.url}"\nbucket_endpoint = "{bucket.endpoint}"\nbucket_region = "{bucket.region}"\n'
        'keep_local = "0s"'
    )
    body = b"<html><title>%b</title><body><article><h1>%b</h1>" + b"<p>Words of a harbour town.</p>" * 9
    one = archive_of({"url": "https://one.example/a", "body": body % (b"One", b"One")}, config=config)
    two = archive_of({"url": "https://two.example/b", "body": body % (b"Two", b"Two")}, config=config)
    threads = [threading.Thread(target=archive.upload) for archive in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(bucket.list_files())) == 2
    for archive in (one, two):
        assert archive.places.local_files() == []
        with archive.ingestor() as ingestor:
            assert archive.recover(ingestor).captures == 1
            settle(archive.places, ingestor)
        with archive.ingestor() as ingestor:
            assert archive.recover(ingestor).captures == 0
    assert dump(one.index) == dump(two.index)
