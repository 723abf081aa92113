"""One writer, many threads: exchanges do not mix, and sync may be called at any time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from storage.model import Capture, ClosedWarc, Exchange
from storage.warc.check import check_file
from storage.warc.reader import CaptureRecord, read_captures
from storage.warc.writer import WarcWriter


def test_exchanges_of_concurrent_threads_are_contiguous(
    tmp_path: Path, writer_of: Callable[..., WarcWriter], exchanges: dict[str, Exchange]
) -> None:
    """However threads interleave and files rotate: each file is intact, each capture is at its offset, and none is
    duplicated or missing.
    """
    closed: list[ClosedWarc] = []
    writer = writer_of(size_limit=30_000, on_closed=closed.append)

    def work(thread: int) -> list[Capture]:
        captures = []
        for number in range(40):
            captures.append(writer.write(replace(exchanges["chunked"], url=f"http://a.example/{thread}/{number}")))
            if number % 7 == thread:
                writer.sync()
        return captures

    with ThreadPoolExecutor(4) as pool:
        told = [capture for captures in pool.map(work, range(4)) for capture in captures]
    writer.close()
    found = []
    for file in closed:
        path = tmp_path / "warc" / file.name
        assert check_file(path).problems == []
        found += [each.capture for each in read_captures(path) if isinstance(each, CaptureRecord)]
    assert len(closed) > 3
    assert sorted(found, key=lambda each: each.url) == sorted(told, key=lambda each: each.url)
