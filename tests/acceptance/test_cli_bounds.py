"""Numbers, times and sizes of every command, at their bounds and far beyond."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli.app import COMMANDS, load_command
from tests.in_process import run_in_process

BEYOND = (0, 1, -1, 2**31, 2**63 - 1, 2**63, 10**30)
AMOUNTS = (
    "0s", "0B", "1", "-1", f"{'9' * 30}d", f"{'9' * 400}s", f"{'9' * 400}GB", "99999999d",
    "0001-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00+14:00",
)  # fmt: skip
ARGUMENTS = {
    # This machine has no such address, so that the command ends.
    "serve": ("--host", "203.0.113.1", "--public"),
    "search": ("harbour",),
    "backfill": ("paper",),
}
SITE = '[[site]]\nname = "paper"\nurl = "http://127.0.0.1:9/"\nallow_private = true\n'


def numeric_options() -> Iterator[Any]:
    for entry in COMMANDS:
        command: Any = load_command(entry.name)
        for option in command.params:
            described = getattr(option, "type_descriptor", None)
            if "int" in str(getattr(described, "annotation", "")):
                values = [*BEYOND, *(bound for bound in (option.min, option.max) if bound is not None)]
            elif option.metavar in {"TIME", "SIZE", "DATE", "DURATION"}:
                values = [*AMOUNTS]
            else:
                continue
            # A crawl or a reader process for each value takes seconds.
            slow = [pytest.mark.slow] if entry.name in {"crawl", "backfill", "reextract"} else []
            yield pytest.param(entry.name, option, values, id=f"{entry.name} {option.opts[0]}", marks=slow)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a site that does not answer."""
    place = tmp_path_factory.mktemp("bounds") / "morgue"
    Archive.init(place).close()
    toml = place / "newsarchive.toml"
    toml.write_text(f"{toml.read_text()}\n{SITE}")
    return place


@pytest.mark.parametrize(("name", "option", "values"), [*numeric_options()])
def test_numeric_options_work_at_their_bounds(folder: Path, name: str, option: Any, values: list[object]) -> None:
    """Whatever the number, the command runs or says in a sentence why not."""
    for value in values:
        words = (*ARGUMENTS.get(name, ()), option.opts[0], *[str(value)] * option.nargs)
        done = run_in_process(name, *words, "--archive", folder)
        assert "internal error" not in done.stderr, (words, done.stderr)
        assert done.returncode == 0 or done.stderr, words
