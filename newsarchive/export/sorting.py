"""Lines sorted in bounded memory: runs go to a temporary file each and are merged."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO

RUN = 20_000
"""Lines that are sorted in memory."""


def in_order(lines: Iterable[str], run: int = RUN) -> Iterator[str]:
    """Lines in the order of their code points; none may hold a line break.

    >>> list(in_order(["b", "c", "a"], run=2))
    ['a', 'b', 'c']
    """
    going = iter(lines)
    with ExitStack() as open_files:
        runs: list[Iterator[str]] = []
        while batch := sorted(islice(going, run)):
            if len(batch) < run and not runs:
                yield from batch
                return
            file = open_files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n"))
            file.writelines(f"{line}\n" for line in batch)
            runs.append(_read(file))
        yield from heapq.merge(*runs)


def _read(file: IO[str]) -> Iterator[str]:
    file.seek(0)
    for line in file:
        yield line.removesuffix("\n")
