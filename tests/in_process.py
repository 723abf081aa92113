"""`newsarchive` in the process of the tests: without its start, which takes longer than most commands."""

import io
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from newsarchive.cli.app import run
from storage.places import bucket


def run_in_process(*words: str | Path, at: Path | None = None, stdin: str = "") -> CompletedProcess[str]:
    """Run a command line as in a process of its own: no terminal, a folder, and no NEWSARCHIVE_* variables.

    What it prints must be valid UTF-8, as on a real standard output.
    """
    # What a process remembers of buckets and their credentials.
    bucket._failed_until.clear()
    bucket._store.cache_clear()
    out, err = io.BytesIO(), io.BytesIO()
    arguments = list(map(str, words))
    with _text(out, "strict") as stdout, _text(err, "backslashreplace") as stderr:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSARCHIVE_")}
        standard_input = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
        with (
            chdir(at or Path.cwd()),
            patch.dict(os.environ, clean, clear=True),
            patch("sys.stdin", standard_input),
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            code = run(arguments)
    return CompletedProcess(["newsarchive", *arguments], code, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def _text(data: io.BytesIO, errors: str) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(data, "utf-8", errors, write_through=True)
    yield text
    text.flush()
    text.detach()
