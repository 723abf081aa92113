"""After SIGKILL at any time a writer leaves all that it synced, once the file is repaired (law 3)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from storage.warc.check import check_file
from storage.warc.reader import read_records
from storage.warc.repair import repair_file

WRITER = """
import os, sys
sys.path[:0] = {path!r}
from datetime import UTC, datetime
from pathlib import Path
from storage.model import CrawlRun, Discovery, Exchange, UrlKind
from storage.warc.writer import WarcWriter

class Nothing:
    def find_original_by_digest(self, digest): return None
    def find_original_by_url(self, url): return None

now = datetime.now(UTC)
writer = WarcWriter(
    Path({folder!r}), run=CrawlRun(id="r", sites=(), started_at=now), info={{}}, originals=Nothing(), size_limit=400_000
)
found = Discovery(site="a", kind=UrlKind.ARTICLE)
number = 0
while True:
    block = b"HTTP/1.1 200 OK\\r\\n\\r\\n" + os.urandom(30_000)
    url, request = f"http://a.example/{{number}}", b"GET / HTTP/1.1\\r\\n\\r\\n"
    writer.write(Exchange(url=url, started_at=now, request=request, response=block, discovery=found))
    if number % 5 == 4:
        writer.sync()
        print(number, flush=True)
    number += 1
"""


def killed_after(folder: Path, seconds: float) -> int:
    """Let a writer run for so long, kill it, and return the number of the last synced exchange."""
    script = WRITER.format(path=sys.path, folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split()
    return int(told[-1]) if told else 4


def test_a_killed_writer_leaves_what_it_synced(tmp_path: Path) -> None:
    """After SIGKILL and repair all files are closed and intact, and hold every synced exchange once."""
    chance = random.Random(5)
    for attempt in range(6):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        synced = killed_after(folder, chance.uniform(0.0, 0.15))
        if attempt % 2:  # as if the kill had come in the middle of a write(2)
            for left_open in folder.glob("*.open"):
                if left_open.stat().st_size > 100_000:
                    os.truncate(left_open, left_open.stat().st_size - chance.randrange(1, 30_000))
                    synced -= 6
        for left_open in folder.glob("*.open"):
            assert repair_file(left_open) is not None
        urls: list[str] = []
        for path in sorted(folder.glob("*.warc.gz")):
            assert check_file(path).problems == []
            assert subprocess.run(["gzip", "-t", path], capture_output=True, check=False).returncode == 0
            with path.open("rb") as file:
                types = [each.rec_type for each in WarcioIterator(file, no_record_parse=True)]
            assert types == [each.type for each in read_records(path)]
            assert types == ["warcinfo"] + ["response", "request", "metadata"] * ((len(types) - 1) // 3)
            urls += [each.uri for each in read_records(path) if each.type == "response"]
        assert urls == [f"http://a.example/{number}" for number in range(len(urls))]
        assert len(urls) > synced
        assert not list(folder.glob("*.open"))


def test_the_file_of_a_running_writer_is_left_alone(tmp_path: Path) -> None:
    """Repair ignores a file whose lock is held."""
    script = WRITER.format(path=sys.path, folder=str(tmp_path)).replace("number += 1", "number += 1; input()")
    with subprocess.Popen(
        [sys.executable, "-c", script.replace("number % 5 == 4", "True")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        (left_open,) = tmp_path.glob("*.open")
        size = left_open.stat().st_size
        assert repair_file(left_open) is None
        assert left_open.stat().st_size == size
        writer.kill()
    repaired = repair_file(left_open)
    assert repaired is not None
    assert (repaired.end, repaired.cut_bytes, repaired.torn_name) == (size, 0, None)
