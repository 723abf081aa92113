"""A full disk costs the current exchange and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.errors import DiskFull, StorageError
from storage.model import Exchange
from storage.warc.check import check_file
from storage.warc.reader import read_captures
from storage.warc.writer import WarcWriter
from tests.file_systems import mount, unmount


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "warc"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", folder)
    yield folder
    unmount(folder)


def large(exchange: Exchange, number: int) -> Exchange:
    """Return an exchange with an incompressible response."""
    head, _, _ = exchange.response.partition(b"\r\n\r\n")
    body = os.urandom(20_000)
    return replace(exchange, url=f"{exchange.url}/{number}", response=head + b"\r\n\r\n" + body)


def test_a_full_disk_leaves_a_whole_file(
    small_disk: Path, writer_of: Callable[..., WarcWriter], exchanges: dict[str, Exchange]
) -> None:
    """What was written before is intact; the file ends with it, and can be closed once there is space."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(40_000))
    writer = writer_of()
    urls: list[str] = []
    with pytest.raises(DiskFull, match="no space is left"):
        urls.extend(writer.write(large(exchanges["plain"], number)).url for number in range(20))
    with pytest.raises(DiskFull):
        writer.write(large(exchanges["plain"], 20))
    assert 3 < len(urls) < 20
    ballast.unlink()
    urls.append(writer.write(large(exchanges["plain"], 21)).url)
    closed = writer.close()
    assert closed is not None
    report = check_file(small_disk / closed.name)
    assert (report.problems, report.sha256, report.size) == ([], closed.sha256, closed.size)
    captures = [each.capture.url for each in read_captures(small_disk / closed.name) if hasattr(each, "capture")]
    assert captures == urls


def test_a_file_without_room_for_its_first_record_is_not_left_behind(
    small_disk: Path, writer_of: Callable[..., WarcWriter], exchanges: dict[str, Exchange]
) -> None:
    """If not even the warcinfo record fits, no file is left."""
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(300_000))
    with pytest.raises(DiskFull):
        writer_of().write(exchanges["plain"])
    assert [each.name for each in small_disk.iterdir()] == ["ballast"]


LIMITED = """
import resource, sys
sys.path[:0] = {path!r}
from datetime import UTC, datetime
from pathlib import Path
from storage.errors import StorageError
from storage.model import CrawlRun, Exchange
from storage.warc.writer import WarcWriter

class Nothing:
    def find_original_by_digest(self, digest): return None
    def find_original_by_url(self, url): return None

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
now = datetime.now(UTC)
writer = WarcWriter(Path({folder!r}), run=CrawlRun(id="r", sites=(), started_at=now), info={{}}, originals=Nothing())
import os
for number in range(9):
    block = b"HTTP/1.1 200 OK\\r\\n\\r\\n" + os.urandom(9000)
    url = f"http://a.example/{{number}}"
    exchange = Exchange(url=url, started_at=now, request=b"GET / HTTP/1.1\\r\\n\\r\\n", response=block)
    try:
        writer.write(exchange)
    except StorageError as problem:
        print("refused", number)
        break
print(writer.close().name)
"""


def test_a_file_that_may_not_grow_is_cut_back(tmp_path: Path) -> None:
    """A partial write (here by the limit on file sizes) is removed."""
    script = LIMITED.format(path=sys.path, folder=str(tmp_path))
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    assert told[0] == "refused"
    report = check_file(tmp_path / told[2])
    assert report.problems == []
    assert len(report.captures) == int(told[1]) > 0


def test_a_folder_without_write_permission_is_reported(
    tmp_path: Path, writer_of: Callable[..., WarcWriter], exchanges: dict[str, Exchange]
) -> None:
    """A missing folder is an error with a message, not a traceback."""
    writer = writer_of()
    (tmp_path / "warc").rmdir()
    with pytest.raises(StorageError, match="Create or mount it"):
        writer.write(exchanges["plain"])
