"""`newsarchive help` shows the manual, and messages cite pages that it has."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsarchive.cli import help as help_command
from newsarchive.cli.app import run

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


def iter_product_files() -> Iterator[Path]:
    for package in ("storage", "newsarchive", "spiders"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix in {".py", ".html", ".txt"}:
                yield path


def test_every_page_of_the_docs_is_a_topic_and_in_the_wheel() -> None:
    """A user of the wheel has the same manual as one of the checkout."""
    pages = {path.name: path for path in DOCS.rglob("*.md")}
    assert help_command.find_pages() == {path.stem: path for path in pages.values()}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {
        f"{path.relative_to(ROOT)}": f"newsarchive/help/{name}" for name, path in pages.items()
    }


def test_messages_cite_topics_that_exist() -> None:
    """A user of the wheel has no folder docs/: messages name a command, and the command finds the page."""
    topics = help_command.find_pages().keys()
    for path in iter_product_files():
        text = path.read_text("utf-8")
        assert "docs/" not in text, path
        # Implicitly concatenated strings may split the command.
        joined = re.sub(r'"\s*\n\s*f?"', "", text)
        cited = set(re.findall(r"newsarchive help ([a-z-]+)", joined))
        assert cited <= topics, path


def test_the_wheel_s_pages_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed from a wheel, the pages are package data."""
    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "search.md").write_text("# Searching\n\nText.\n")
    monkeypatch.setattr(help_command, "__file__", str(tmp_path / "cli" / "help.py"))
    assert list(help_command.find_pages()) == ["search"]


def test_topics_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a topic, the list with titles; with one, the page as it is, for a pipe."""
    assert run(["help"]) == 0
    assert re.search(r"^exit-codes +Exit codes *$", capsys.readouterr().out, re.MULTILINE)
    for topic in ("exit-codes", "Exit-Codes.md"):
        assert run(["help", topic]) == 0
        assert capsys.readouterr().out == (DOCS / "exit-codes.md").read_text("utf-8")


def test_an_unknown_topic_is_an_error_that_lists_the_topics(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, as for any wrong argument."""
    assert run(["help", "nonsense"]) == 2
    error = capsys.readouterr().err
    assert "there is no page 'nonsense'" in error
    assert "exit-codes" in error


def test_a_page_is_formatted_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings and tables are rendered, not shown as Markdown."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(["help", "exit-codes"]) == 0
    shown = capsys.readouterr().out
    assert "Exit codes" in shown
    assert "# Exit codes" not in shown
    assert "| --- |" not in shown


def test_a_page_is_printed_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json, the list of pages and each page are a value."""
    assert run(["help", "--json"]) == 0
    assert "spiders" in json.loads(capsys.readouterr().out)
    assert run(["help", "spiders", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page == {"topic": "spiders", "text": (DOCS / "spiders.md").read_text("utf-8")}
