"""The command line as a whole: commands, start-up, errors."""

import importlib
import inspect
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from newsarchive.cli import app
from newsarchive.cli.import_ import _require_consent
from newsarchive.version import VERSION
from storage import errors

HEAVY = ("scrapy", "twisted", "sqlalchemy", "trafilatura", "lxml", "warcio", "alembic")


FACTS: dict[type[errors.ArchiveError], tuple[Any, ...]] = {
    **dict.fromkeys((errors.WarcError, errors.TornRecord, errors.BadRecord), ("a.warc.gz", 17, "torn")),
    errors.CapturesLost: ((errors.LostFile(name="a.warc.gz", reason="missing", captures=3),), "/morgue/warc"),
    errors.ExportWithheld: ("all.wacz", 3),
}
"""What errors are made of that take more than a text."""


def every_error() -> list[type[errors.ArchiveError]]:
    """The tree, flat."""
    found = [errors.ArchiveError]
    for each in found:
        found += [below for below in each.__subclasses__() if below.__module__ == errors.__name__]
    return found


@pytest.mark.parametrize("entry", app.COMMANDS, ids=lambda entry: entry.name)
def test_help_texts_survive_markup(entry: app.CommandEntry) -> None:
    """Rich takes [serve] for a style and prints nothing in its place."""
    command = app.load_command(entry.name)
    told = [command.help or "", *(getattr(each, "help", None) or "" for each in command.params)]
    assert [text for text in told if "[" in text] == []


@pytest.mark.parametrize("entry", app.COMMANDS, ids=lambda entry: entry.name)
def test_a_paragraph_of_help_is_one_line(entry: app.CommandEntry) -> None:
    """It is wrapped for the width of the terminal, not where its docstring breaks."""
    text = app.load_command(entry.name).help
    assert all("\n" not in paragraph for paragraph in text.split("\n\n"))


@pytest.mark.parametrize("entry", app.COMMANDS, ids=lambda entry: entry.name)
def test_the_summary_of_a_command_is_its_docstring(entry: app.CommandEntry) -> None:
    """The summary is the first line of the command's docstring, and all options have help."""
    module, _, name = entry.target.partition(":")
    function = getattr(importlib.import_module(f"newsarchive.cli.{module}"), name)
    assert (inspect.getdoc(function) or "").splitlines()[0] == entry.summary
    for parameter in app.load_command(entry.name).params:
        assert getattr(parameter, "help", None), f"{entry.name} {parameter.name} has no help"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["serch"]])
def test_commands_without_an_archive_import_little(words: list[str]) -> None:
    """Help, version and a mistyped command answer at once: nothing heavy is imported for them."""
    code = (
        f"import sys, newsarchive.cli.app as app; app.run({words!r}); print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """No command can exist unseen."""
    assert app.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for entry in app.COMMANDS:
        assert f" {entry.name} " in shown
        assert entry.summary in " ".join(shown.replace("│", " ").split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version that the package has."""
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out == f"newsarchive {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serch"], "Did you mean 'search'"),
        (["search", "--lim", "3"], "--limit"),
        (["show", "--diff", "1"], "--diff"),
        (["export", "--format", "foo"], "'--format': 'foo' is not one of"),
    ],
)
def test_invalid_arguments_are_a_usage_error(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped word ends with 2 and is told what may have been meant."""
    assert app.run(words) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert re.fullmatch(r"newsarchive: .*[.?]\nNothing was done. Options: newsarchive.* --help\n", shown), "two lines"


def raising(error: BaseException) -> Callable[..., None]:
    """An application that fails."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_is_one_paragraph(
    kind: type[errors.ArchiveError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of ours ends with its own code and one paragraph on standard error, without a traceback."""
    error = kind(*FACTS.get(kind, ("what happened",)))
    monkeypatch.setattr(app, "app", raising(error))
    assert app.run(["search", "x"]) == kind.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"newsarchive: {error}\n"


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (FileNotFoundError(2, "No such file or directory", "page.html"), 74, "page.html: No such file or directory"),
        (ZeroDivisionError("division by zero"), 1, "internal error: ZeroDivisionError: division by zero"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
        (SystemExit("no"), 1, ""),
    ],
)
def test_other_errors_are_reported_too(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected error is one paragraph too, with the way to the traceback."""
    monkeypatch.setattr(app, "app", raising(error))
    assert app.run([]) == code
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """--debug prints the traceback."""
    monkeypatch.setattr(app, "app", raising(ZeroDivisionError("division by zero")))
    assert app.run(["--debug", "status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_escape_sequences_in_an_error_do_not_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error may quote a stranger's page."""
    monkeypatch.setattr(app, "app", raising(errors.PayloadError("\x1b]0;owned\x07")))
    app.run([])
    assert "\x1b" not in capsys.readouterr().err


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    """`newsarchive export | head` ends as any Unix program does: with 141 and no word."""
    code = (
        "import sys; from newsarchive.cli import app; "
        "app.app = lambda *a, **k: print('x' * 300_000); sys.exit(app.run([]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
        assert child.wait() == 141


def test_module_and_script_are_the_same() -> None:
    """`python -m newsarchive` is `newsarchive`."""
    done = subprocess.run(
        [sys.executable, "-m", "newsarchive", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"newsarchive {VERSION}\n"


def test_extract_reads_a_page_without_an_archive(tmp_path: object, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """One saved page in, one JSON object out."""
    page = f"{tmp_path}/page.html"
    with open(page, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("<html><body><p>Nothing to see</p></body></html>")
    assert app.run(["extract", page, "--url", "https://news.example/a"]) == 0
    read = json.loads(capsysbinary.readouterr().out)
    assert read["url"] == "https://news.example/a"
    assert read["reason"]


HANGING = """
import time
print("ready", flush=True)
time.sleep(60)
"""
RUNNING = f"""
from newsarchive.cli import app
def hang(*_, **__):
    try:{HANGING.replace(chr(10), chr(10) + "        ")}
    finally:
        print("cleaned up")
app.app = hang
app.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_a_command_in_order(number: signal.Signals) -> None:
    """Whatever the command was doing is cleaned up; one line tells, and the exit code is the shells' for the signal."""
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    told = "newsarchive: interrupted. What was committed is kept; run the command again\n"
    assert (process.returncode, out, err) == (128 + number, "cleaned up\n", told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_while_modules_are_imported_is_no_traceback(number: signal.Signals, tmp_path: Path) -> None:
    """It takes a second on a busy machine until the command begins."""
    (tmp_path / "typer.py").write_text(HANGING)
    with subprocess.Popen(
        [sys.executable, "-m", "newsarchive", "status"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, "\nnewsarchive: interrupted; nothing was done\n")


class Terminal(io.StringIO):
    """A terminal on which nobody answers."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("columns", [0, 40, 80, 200])
def test_an_error_is_no_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks between words, and on a wide terminal, or one of unknown width, before a line is hard to read."""
    terminal, message = Terminal(), "the index cannot be used; nothing was done. " * 5
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(app, "app", raising(errors.ConfigError(message)))
    app.run(["search", "x"])
    lines = terminal.getvalue().splitlines()
    assert " ".join(lines) == f"newsarchive: {message}".strip()
    widest = min(columns or 100, 100)
    assert widest / 2 < max(map(len, lines)) <= widest


@pytest.mark.parametrize(
    ("ended", "code", "told"),
    [
        (EOFError(), 2, "no password was read; no hash was made. Write one, or give it as a line of standard input"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_the_end_of_input_is_no_interrupt(
    ended: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-D at the prompt for a password says what was not read, and what answers instead; Ctrl-C interrupts."""
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", raising(ended))
    assert app.run(["serve", "--hash-password"]) == code
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "agreed"), [("", False), ("\n", False), ("n\n", False), ("y\n", True), ("YES\n", True)]
)
def test_only_yes_agrees_to_an_import(
    answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the import ends with the option that agrees; the question cannot control the terminal."""
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with nullcontext() if agreed else pytest.raises(errors.ConfigError, match="newsarchive import --yes FILE"):
        _require_consent("\x1b[31mlantern", "beacon", yes=False)
    asked = capsys.readouterr()
    assert "Import its pages as those of beacon? [y/N]" in asked.err
    assert (asked.out, "\x1b" in asked.err) == ("", False)
