"""Output of commands."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.cli.output import create_table, print_line, sanitize, show_progress, stdout, to_json
from newsarchive.config.units import parse_time
from storage.article_parts import Image
from storage.errors import ConfigError
from storage.model import UrlKind


@given(st.text())
def test_plain_text_cannot_drive_a_terminal(text: str) -> None:
    """No control character but tab and newline passes, and nothing else is touched."""
    shown = sanitize(text)
    assert len(shown) == len(text)
    for before, after in zip(text, shown, strict=True):
        assert after in (before, "\ufffd")
        assert after in "\t\n" or not (ord(after) < 32 or 127 <= ord(after) < 160)


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with a line end cannot forge a line of a report; half a character is no error."""
    print_line(stdout(), "a.warc.gz\nall files are proved \udcff")
    assert capsys.readouterr().out == "a.warc.gz\ufffdall files are proved \ufffd\n"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_json_is_one_line_that_reads_back(value: object) -> None:
    """Programs get what was there, and a terminal gets no control character."""
    line = to_json(value)
    assert sanitize(line) == line
    assert "\n" not in line
    assert json.loads(line) == value


def test_nouns_become_objects() -> None:
    """A noun is an object with its fields; moments are UTC with Z; enums are their words."""
    at = datetime(2026, 5, 4, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    assert to_json({"image": Image(url="u"), "at": at, "kind": UrlKind.FEED, "set": ("a",)}) == (
        '{"image": {"url": "u", "caption": null}, "at": "2026-05-04T08:00:00.000005Z", "kind": "feed", "set": ["a"]}'
    )
    assert to_json(Path("a")) == '"a"'
    with pytest.raises(TypeError, match="object"):
        to_json(object())


def test_a_log_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there are no escape sequences, no progress bars, and square brackets mean nothing."""
    with show_progress("working") as step:
        step(1, 2, "half")
    listed = create_table("name", "count", right=("count",))
    listed.add_row("[bold]a[/bold] :smile:", "17")
    stdout().print(listed)
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split() for line in out.splitlines()] == [["name", "count"], ["[bold]a[/bold]", ":smile:", "17"]]


class Terminal(StringIO):
    """A terminal of eighty columns."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """How far it is stands in one line that is never longer than the terminal is wide; archived text is harmless."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with show_progress("working") as step:
        step(1, 2, "https://news.example/\x1b]0;" + "long" * 100)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    lines = [line for line in re.split(r"[\r\n]+", shown) if "50 %" in line]
    assert lines
    for line in lines:
        assert "working" in line
        assert "https://news.example/" in line
        assert len(line) <= 80
    assert "\x1b]" not in terminal.getvalue()
    assert "[progress" not in shown


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (None, None),
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-11-25T08:30", datetime(2026, 11, 25, 8, 30, tzinfo=UTC)),
        ("2026-11-25T08:30+02:00", datetime(2026, 11, 25, 6, 30, tzinfo=UTC)),
    ],
)
def test_dates_of_the_command_line(words: str | None, read: datetime | None) -> None:
    """A date, a moment, with or without a zone."""
    assert parse_time(words, "--since") == read


@pytest.mark.parametrize(
    ("words", "begin", "end"),
    [
        ("2026", (2026, 1, 1), (2027, 1, 1)),
        ("2024", (2024, 1, 1), (2025, 1, 1)),
        ("2026-12", (2026, 12, 1), (2027, 1, 1)),
        ("2024-02", (2024, 2, 1), (2024, 3, 1)),
        ("2026-2-28", (2026, 2, 28), (2026, 3, 1)),
        (date(2026, 11, 25), (2026, 11, 25), (2026, 11, 26)),
        (date(9999, 12, 30), (9999, 12, 30), (9999, 12, 31)),
        # A time has no end.
        ("2026-11-25T00:00", (2026, 11, 25), (2026, 11, 25)),
        (datetime(2026, 11, 25, tzinfo=UTC), (2026, 11, 25), (2026, 11, 25)),
        ("20261125T00:00Z", (2026, 11, 25), (2026, 11, 25)),
        ("2026-11-25t00:00z", (2026, 11, 25), (2026, 11, 25)),
    ],
)
def test_a_day_month_or_year_has_a_beginning_and_an_end(
    words: str | date, begin: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    """The end is that of the query language: the whole period is included."""
    assert parse_time(words, "since") == datetime(*begin, tzinfo=UTC)
    assert parse_time(words, "until", is_end=True) == datetime(*end, tzinfo=UTC)


@pytest.mark.parametrize("words", ["9999", "9999-12", "9999-12-31", date(9999, 12, 31)])
def test_the_last_day_month_and_year_end_with_time_itself(words: str | date) -> None:
    """There is no later day that could be their end."""
    assert parse_time(words, "until", is_end=True) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        *("7", "-5", "1e9", "99999", "0000", "26", "2026-13", "2026-02-30", "2026-1-1-1", "２０２６"),
        *("20260504", "2026-W10", "2026-W10-1", "2026W10", "2026W101", "0001-01-01T00:00+02:00"),
    ],
)
def test_what_is_no_period_is_no_time(words: str) -> None:
    """A number alone is neither a year nor an age, and the end of a day in another form would be a guess."""
    with pytest.raises(ConfigError, match="not a date"):
        parse_time(words, "--until", is_end=True)


def test_ages_of_the_command_line() -> None:
    """An age counts back from now; nonsense is told with the option's name."""
    found = parse_time("7d", "--since")
    assert found is not None
    assert timedelta(0) <= datetime.now(UTC) - timedelta(days=7) - found < timedelta(minutes=10)
    with pytest.raises(ConfigError, match="--until last week"):
        parse_time("last week", "--until")


def test_days_by_name() -> None:
    """Yesterday begins at midnight, 24 hours before today."""
    today = parse_time("today", "--since")
    assert today is not None
    assert (today.hour, today.minute, today.second) == (0, 0, 0)
    assert timedelta(0) <= datetime.now(UTC) - today < timedelta(days=1, minutes=10)
    assert parse_time("yesterday", "--since") == today - timedelta(days=1)
