"""Time stamps of the chain's head, by servers on loopback that answer with `openssl ts`: good, late, down and wrong."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.maintenance import rfc3161
from newsarchive.maintenance.rfc3161 import STAMP_FAILED, stamp_head
from newsarchive.maintenance.verify_chain import HeadProof
from newsarchive.web.app import create_app
from storage.errors import BucketUnreachable
from storage.model import CrawlRun, Exchange, RefersTo
from storage.places.bucket import Bucket
from storage.places.chain import ChainLink
from storage.warc.writer import WarcWriter

pytestmark = pytest.mark.needs_program("openssl")
NOW = datetime.now(UTC)
CONFIG = """
[tsa]
default_tsa = t
[t]
serial = ./serial
signer_cert = ./{name}.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def make_certificate(name: str, key: RSAPrivateKey, issuer: str, signer: RSAPrivateKey, until: datetime) -> bytes:
    """Return a certificate in PEM; of an authority if it signs itself, else of a time server."""
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    builder = (
        x509.CertificateBuilder(subject_name=named[0], issuer_name=named[1], public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
    )
    if name != issuer:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificates of an authority, of another one, and of time servers of both."""
    folder = tmp_path_factory.mktemp("authority")
    ours, others, key = (generate_private_key(65537, 2048) for _ in range(3))
    later = NOW + timedelta(days=9)
    files = {
        "ca.pem": make_certificate("ca", ours, "ca", ours, later),
        "good.pem": make_certificate("tsa", key, "ca", ours, later),
        "expired.pem": make_certificate("tsa", key, "ca", ours, NOW - timedelta(days=1)),
        "stranger.pem": make_certificate("tsa", key, "other", others, later),
        "tsa.key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for name in ("good", "expired", "stranger"):
        (folder / f"{name}.cnf").write_text(CONFIG.format(name=name))
    return folder


def reply(folder: Path, query: bytes, name: str) -> bytes:
    (folder / "query").write_bytes(query)
    words = ["openssl", "ts", "-reply", "-config", f"{name}.cnf", "-queryfile", "query", "-out", "answer"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return (folder / "answer").read_bytes()


class TimeServer:
    """A server on loopback whose behaviour a test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kind = "good"
        self.queries: list[bytes] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                server.queries.append(query)
                answer = server.answer(query)
                self.send_response(200)
                self.end_headers()
                if server.kind == "late":
                    server.released.wait(20)
                for piece in (answer[:10], answer[10:]):
                    self.wfile.write(piece)

            def log_message(self, *_: object) -> None:
                pass

        self.released = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/tsr"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, query: bytes) -> bytes:
        if self.kind == "garbage":
            return b"<html>"
        if self.kind == "other-nonce":
            digest = re.search(rb"\x04\x20(.{32})", query, re.DOTALL)
            assert digest is not None
            words = ["openssl", "ts", "-query", "-digest", digest[1].hex(), "-sha256", "-cert"]
            query = subprocess.run(words, check=True, capture_output=True).stdout
        if self.kind == "other-head":
            words = ["openssl", "ts", "-query", "-digest", "ab" * 32, "-sha256", "-cert"]
            query = subprocess.run(words, check=True, capture_output=True).stdout
        return reply(self.folder, query, self.kind if self.kind in {"expired", "stranger"} else "good")


@pytest.fixture
def servers(authority: Path) -> Iterator[list[TimeServer]]:
    """Two time servers."""
    made = [TimeServer(authority) for _ in range(2)]
    yield made
    for server in made:
        server.released.set()
        server.http.shutdown()
        server.http.server_close()


@pytest.fixture
def archive(tmp_path: Path, servers: list[TimeServer], authority: Path) -> Iterator[Archive]:
    """An archive with an imported file, whose head both servers stamp."""
    folder = tmp_path / "morgue"
    Archive.init(folder).close()
    toml = folder / "newsarchive.toml"
    urls = json.dumps([server.url for server in servers])
    toml.write_text(f'time_servers = {urls}\ntime_authorities = "{authority}/ca.pem"\n{toml.read_text()}')
    with Archive.open(folder) as opened:
        yield opened


def tokens(archive: Archive) -> list[Path]:
    return sorted(archive.config.warc_folder.glob("STAMP-*.tsr"))


def test_two_servers_stamp_the_head(archive: Archive, servers: list[TimeServer]) -> None:
    """`seal` keeps a token of each; they verify with openssl alone; a second `seal` asks nobody."""
    words = ["seal", "--archive", str(archive.folder)]
    assert run(words) == 0
    head = archive.places.chain.load().head
    assert [path.name.split("-")[1] for path in tokens(archive)] == [head] * 2
    for path in tokens(archive):
        check = ["openssl", "ts", "-verify", "-digest", head, "-in", path, "-CAfile", archive.config.time_authorities]
        assert subprocess.run([str(word) for word in check], check=False, capture_output=True).returncode == 0
    assert run(words) == 0
    assert [len(server.queries) for server in servers] == [1, 1]


def test_the_sentence_names_time_and_servers(archive: Archive, make_file: Callable[[], None]) -> None:
    """Closed files are proved by both servers; a later file is called not proved yet."""
    make_file()
    assert stamp_head(archive.config) == []
    make_file()
    report = archive.verify().chain
    assert re.fullmatch(
        r"Unchanged since \d{4}-\d\d-\d\d \d\d:\d\d UTC, by the time server 127.0.0.1-\d+ and the time server "
        r"127.0.0.1-\d+: 1 file; not proved yet: 1 file, which is as the chain has them",
        report.sentence,
    ), report


def test_tokens_are_in_the_bucket_too(
    archive: Archive, make_file: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are copied with the chain. A folder that has lost them gets them back from there when it is verified, with
    the head that they prove; what is no token is left in the bucket.
    """
    (tmp_path / "bucket").mkdir()
    toml = archive.folder / "newsarchive.toml"
    toml.write_text(f'bucket = "file://{tmp_path}/bucket"\n{toml.read_text()}')
    make_file()
    with Archive.open(archive.folder) as kept:
        assert stamp_head(kept.config) == []
        names = [path.name for path in tokens(kept)]
        assert sorted(path.name for path in (tmp_path / "bucket" / "stamps").iterdir()) == names
        assert not kept.upload().problems
        for path in tokens(kept):
            path.unlink()
        (tmp_path / "bucket" / "stamps" / "STAMP-other").write_text("no token")
        assert kept.verify().chain.sentence.startswith("Unchanged since")
        assert [path.name for path in tokens(kept)] == names
        make_file()
        # Tokens from elsewhere do not pass for a time stamp of today.
        assert stamp_head(kept.config, daily=True) == []
        assert len(tokens(kept)) == 4
        # A bucket that is away is no reason not to verify by the tokens that are here.
        away = replace(kept.config, bucket="")
        monkeypatch.setattr(Bucket, "list_names", lambda *_: raise_away())
        assert len(rfc3161.load_proofs(kept.config)[0]) == len(rfc3161.load_proofs(away)[0]) == 4


def raise_away() -> list[str]:
    """Stand for a bucket that does not answer."""
    raise BucketUnreachable(bucket="s3://away", reason="no response")


@pytest.fixture
def make_file(archive: Archive) -> Callable[[], None]:
    """Puts a WARC file into the archive, as an import does."""

    def make() -> None:
        number = len(archive.places.local_files())
        block = b"software: other\r\nnumber: %d\r\n" % number
        record = b"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:%d>\r\n" % number
        record += b"WARC-Date: 2026-03-01T00:00:00Z\r\nContent-Length: %d\r\n\r\n" % len(block)
        source = archive.folder / f"{number}.warc"
        source.write_bytes(record + block + b"\r\n\r\n")
        archive.import_files([source])

    return make


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired", "certificate has expired"),
        ("stranger", "unable to get local issuer certificate"),
        ("other-nonce", "nonce mismatch"),
        ("other-head", "message imprint mismatch"),
        ("garbage", ""),
        ("late", "timed out"),
        ("down", "Connection refused"),
    ],
)
def test_a_server_that_is_wrong_gives_no_token(
    archive: Archive, servers: list[TimeServer], monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    """The other one's token is kept; the problem is said, is a finding of `status`, and gone with the next success."""
    servers[1].kind = kind
    if kind == "late":
        monkeypatch.setattr(rfc3161, "TIMEOUT", 2.0)
    if kind == "down":
        servers[1].http.shutdown()
        servers[1].http.server_close()
    (problem,) = stamp_head(archive.config, daily=True)
    assert said in problem
    assert len(tokens(archive)) == 1
    assert servers[1].url in (archive.folder / STAMP_FAILED).read_text()
    assert run(["status", "--archive", str(archive.folder), "--check"]) == 1
    if kind not in {"down", "late"}:
        servers[1].kind = "good"
        assert stamp_head(archive.config, daily=True) == []
        assert not (archive.folder / STAMP_FAILED).exists()


def test_a_head_is_stamped_once_a_day(archive: Archive, servers: list[TimeServer]) -> None:
    """After a crawl only if the last token is a day old; without servers never."""
    assert stamp_head(archive.config, daily=True) == []
    archive.places.chain.append(ChainLink(reason="crossed", heads={"CHAIN-a": "0" * 64}))
    assert stamp_head(archive.config, daily=True) == []
    assert [len(server.queries) for server in servers] == [1, 1]
    for path in tokens(archive):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert stamp_head(archive.config, daily=True) == []
    assert [len(server.queries) for server in servers] == [2, 2]


def test_tokens_that_prove_nothing_are_problems(archive: Archive) -> None:
    """A changed token, one for another head, and a stamped head that the chain no longer has."""
    assert stamp_head(archive.config) == []
    first, second = tokens(archive)
    assert archive.verify().chain.problems == ()
    first.write_bytes(first.read_bytes()[:-9] + b"forgeries")
    assert [name for name, _ in archive.verify().chain.problems] == [first.name]
    first.unlink()
    head = second.name.split("-")[1]
    renamed = second.rename(second.with_name(second.name.replace(head, "ab" * 32)))
    assert [name for name, _ in archive.verify().chain.problems] == [renamed.name]
    renamed.rename(second)
    chain = archive.places.chain.path
    chain.write_bytes(chain.read_bytes().splitlines(keepends=True)[0])
    assert any(head in what for _, what in archive.verify().chain.problems)


def test_a_token_outlives_its_certificate(
    archive: Archive, servers: list[TimeServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is that the certificate was valid at the time of the token: openssl is told that time."""
    assert stamp_head(archive.config) == []
    asked: list[str] = []
    real = rfc3161._run_openssl

    def note(*words: str | Path) -> str:
        asked.append(str(words[-1]))
        return real(*words)

    monkeypatch.setattr(rfc3161, "_run_openssl", note)
    assert archive.verify().chain.problems == ()
    times = [int(word) for word in asked if word.isdecimal()]
    assert len(times) == 2
    assert all(abs(at - time.time()) < 600 for at in times)


def test_a_machine_without_openssl_is_told_so(
    archive: Archive, servers: list[TimeServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens that cannot be checked there are no damage of the archive: the message names what is missing."""
    assert stamp_head(archive.config) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    problems = [what for _, what in archive.verify().chain.problems]
    assert (
        problems
        == ["the token proves nothing: the command openssl, which makes and checks time stamps, is missing. Install it"]
        * 2
    )
    archive.places.chain.append(ChainLink(reason="crossed", heads={"CHAIN-a": "0" * 64}))
    assert [problem.endswith("Install it. Next: newsarchive seal") for problem in stamp_head(archive.config)] == [
        True
    ] * 2


TEXT = "The town council met on Tuesday evening and discussed the budget for the coming year at length. " * 6


class NoOriginals:
    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return None

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return None


def write_articles(archive: Archive, *, chained: bool = True) -> None:
    """Write a WARC file with two articles, as a crawl does, and index it."""
    run_ = CrawlRun(id="run", sites=(), started_at=NOW)
    chain = archive.places.chain if chained else None
    writer = WarcWriter(archive.config.warc_folder, run=run_, info={}, originals=NoOriginals(), chain=chain)
    for page in range(2):
        data = json.dumps({"@type": "NewsArticle", "headline": f"Town opens garden {page}"})
        head = f'<title>Garden {page}</title><script type="application/ld+json">{data}</script>'
        text = f"<h1>Town opens garden {page}</h1>" + f"<p>{page} {TEXT}</p>" * 3
        body = f"<html lang=en><head>{head}</head><body><article>{text}</article></body></html>".encode()
        response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        url = f"https://news.example/2026/03/01/garden-{page}.html"
        writer.write(Exchange(url=url, started_at=NOW, request=b"GET / HTTP/1.1\r\n\r\n", response=response))
    writer.close()
    with archive.ingestor() as ingestor:
        archive.recover(ingestor)


def make_receipt(archive: Archive, into: Path) -> Path:
    """Return the unpacked receipt of the first article."""
    assert run(["proof", "1", "-o", f"{into}.zip", "--archive", str(archive.folder)]) == 0
    with zipfile.ZipFile(f"{into}.zip") as package:
        package.extractall(into)
    return into


def check_receipt(folder: Path, authority: Path | None) -> tuple[int, str]:
    """Run its script in an interpreter that has nothing but the standard library."""
    words = [sys.executable, "-I", "-S", "check.py", *([str(authority / "ca.pem")] if authority else [])]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_receipt_is_checked_without_the_archive(
    archive: Archive, authority: Path, make_file: Callable[[], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Record, links, key and tokens; the script says since when and by whom, and what the record is."""
    write_articles(archive)
    assert stamp_head(archive.config) == []
    make_file()
    folder = make_receipt(archive, tmp_path / "receipt")
    assert "Unchanged since" in capsys.readouterr().out
    code, said = check_receipt(folder, authority)
    assert code == 0, said
    assert said.count("unchanged since") == 2
    assert archive.places.chain.load().key in said
    (record,) = folder.glob("*/record-*.warc.gz")
    assert b"https://news.example/2026/03/01/garden-" in gzip.decompress(record.read_bytes())
    assert check_receipt(folder, None)[0] == 1


def test_a_receipt_without_stamps_says_so(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not proved yet, and the head to compare."""
    write_articles(archive)
    code, said = check_receipt(make_receipt(archive, tmp_path / "receipt"), None)
    assert (code, "not proved yet" in said, archive.places.chain.load().head in said) == (0, True, True)
    assert "Not proved yet" in capsys.readouterr().out


def test_a_receipt_of_a_file_older_than_the_chain_has_the_file(
    archive: Archive, authority: Path, tmp_path: Path
) -> None:
    """Its link has a digest of the whole only."""
    write_articles(archive, chained=False)
    archive.places.chain.path.unlink()
    with archive.ingestor() as ingestor:
        archive.recover(ingestor)
    assert [link.reason for link in archive.places.chain.load().links] == ["key", "upgrade"]
    assert stamp_head(archive.config) == []
    folder = make_receipt(archive, tmp_path / "receipt")
    code, said = check_receipt(folder, authority)
    assert (code, said.count("unchanged since")) == (0, 2), said
    (whole,) = folder.glob("*/newsarchive-*.warc.gz")
    whole.write_bytes(whole.read_bytes() + b"x")
    assert check_receipt(folder, authority)[0] == 1
    tokens(archive)[0].unlink()
    code, said = check_receipt(make_receipt(archive, tmp_path / "of one server"), authority)
    assert (code, said.count("unchanged since")) == (0, 1), said


@pytest.mark.parametrize("part", ["record-*.warc.gz", "records.txt", "links.jsonl", "key.txt", "STAMP-*.tsr"])
def test_a_forged_receipt_is_found(archive: Archive, authority: Path, tmp_path: Path, part: str) -> None:
    """One byte of any part, at several places, and one that is appended."""
    write_articles(archive)
    archive.places.chain.append(ChainLink(reason="crossed", heads={"CHAIN-a": "0" * 64}))
    assert stamp_head(archive.config) == []
    folder = make_receipt(archive, tmp_path / "receipt")
    for path in folder.glob(f"*/{part}"):
        data = path.read_bytes()
        for at in (0, len(data) // 2, len(data) - 2, len(data) - 1, len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1] if at < len(data) else b"x") + data[at + 1 :])
            code, said = check_receipt(folder, authority)
            # The last bytes of a token may be attributes that are not signed: then it still proves the same.
            is_same = (part.startswith("STAMP") and at > 20) or (part == "records.txt" and at == len(data) - 1)
            assert code == 1 or is_same, (path.name, at, said)
        path.write_bytes(data)


def test_a_receipt_that_lacks_a_part_is_found(archive: Archive, authority: Path, tmp_path: Path) -> None:
    """Records or key removed, and links that are no objects: a sentence, no traceback."""
    write_articles(archive)
    folder = make_receipt(archive, tmp_path / "receipt")
    (record,), (key,), (links,) = (folder.glob(f"*/{part}") for part in ("record-*", "key.txt", "links.jsonl"))

    def check_forged(path: Path, data: bytes | None) -> str:
        before = path.read_bytes()
        path.unlink() if data is None else path.write_bytes(data)
        code, said = check_receipt(folder, authority)
        path.write_bytes(before)
        assert code == 1
        assert "Traceback" not in said
        return said

    assert "it has no records" in check_forged(record, None)
    assert "the link is signed, but the key is missing" in check_forged(key, b"")
    first = json.loads(links.read_bytes().split(b"\n")[0])
    for line in (json.dumps(first | {"signature": 9}).encode(), b"[" * 100_000, b"[]"):
        assert "cannot be checked" in check_forged(links, line + b"\n")


def test_records_of_another_file_do_not_pass(archive: Archive, authority: Path, tmp_path: Path) -> None:
    """A record that somebody made, with a list that has it, is not what the link was made of."""
    write_articles(archive)
    folder = make_receipt(archive, tmp_path / "receipt")
    (record,) = folder.glob("*/record-*.warc.gz")
    forged = gzip.compress(gzip.decompress(record.read_bytes()).replace(b"Garden", b"Prison"))
    record.write_bytes(forged)
    assert check_receipt(folder, authority)[0] == 1
    listed = record.parent / "records.txt"
    listed.write_text(listed.read_text() + hashlib.sha256(forged).hexdigest() + "\n")
    assert check_receipt(folder, authority)[0] == 1


@pytest.fixture
def pages(archive: Archive) -> Iterator[TestClient]:
    """The archive's browser."""
    write_articles(archive)
    with TestClient(create_app(archive), base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize("page", ["/article/1", "/record/1"])
def test_pages_say_what_is_proved(archive: Archive, pages: TestClient, page: str) -> None:
    """Record and citation: not proved yet; then since when, by whom, the tokens, and the line of openssl."""
    assert "Not proved yet: no time server has stamped it." in pages.get(page).text
    assert stamp_head(archive.config) == []
    text = pages.get(page).text
    head, at = archive.places.chain.load().head, rfc3161.load_proofs(archive.config)[0][0].at
    assert f"In the chain since {at[:16].replace('T', ' ')} UTC, by the valid time stamp of" in text
    assert f"openssl ts -verify -digest {head} -in FILE.tsr" in text
    for token in tokens(archive):
        assert f'href="/warcs/{token.name}"' in text
        got = pages.get(f"/warcs/{token.name}")
        assert (got.content, got.headers["content-type"]) == (token.read_bytes(), "application/timestamp-reply")


@pytest.mark.parametrize("page", ["/article/1", "/record/1"])
def test_pages_trust_no_token_that_is_not_valid(archive: Archive, pages: TestClient, page: str) -> None:
    """One of another head, which looks like one of this head, is not valid; beside a valid one it is left out."""
    assert stamp_head(archive.config) == []
    first, second = tokens(archive)
    archive.places.chain.append(ChainLink(reason="crossed", heads={"CHAIN-a": "0" * 64}))
    assert stamp_head(archive.config) == []
    other = next(each for each in tokens(archive) if first.name[:70] != each.name[:70])
    first.write_bytes(other.read_bytes())
    text = pages.get(page).text
    assert (first.name in text, second.name in text, "by the valid time stamp of" in text) == (False, True, True)
    second.write_bytes(other.read_bytes())
    others = {each.name for each in tokens(archive)} - {first.name, second.name}
    assert all(name in pages.get(page).text for name in others)
    for each in tokens(archive):
        each.write_bytes(b"no token")
    text = pages.get(page).text
    assert "Not proved: not valid is the time stamp of" in text
    assert "In the chain since" not in text


def test_a_later_file_is_not_proved_by_an_earlier_token(archive: Archive, pages: TestClient) -> None:
    """Only heads at and after the link of a file cover it."""

    def find_tokens(name: str) -> list[HeadProof]:
        return rfc3161.find_tokens(archive.config, name)

    assert stamp_head(archive.config) == []
    first = archive.places.local_files()[0].name
    write_articles(archive)
    assert len(find_tokens(first)) == 2
    (later,) = {file.name for file in archive.places.local_files()} - {first}
    assert len(find_tokens(first)) == 2
    assert find_tokens(later) == []
    assert pages.get(f"/warcs/STAMP-{'ab' * 32}-other.tsr").status_code == 404
    for name in ("CHAIN-" + archive.places.machine, "STAMP-x.tsr", "signing.key"):
        assert pages.get(f"/warcs/{name}").status_code == 404
