"""`newsarchive extract`: one page read and explained, by the layouts of the archive one is in."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from newsarchive.cli import app

PAGES = Path(__file__).parents[2] / "pages"
PAGE = PAGES / "corvan-2019-08-18" / "page.html"
URL = "https://www.echodecorvan.example/actualites/le-dernier-bac-de-la-vire-prend-sa-retraite"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `newsarchive` in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEWSARCHIVE_DIR", raising=False)

    def given(*words: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        code = app.run([str(word) for word in words])
        return code, *capsys.readouterr()

    return given


def told(done: tuple[int, str, str]) -> list[str]:
    """What was printed, white space folded."""
    assert done[0] == 0, done[2]
    return [" ".join(line.split()) for line in done[1].splitlines()]


def test_the_kind_of_a_page_has_reason_and_confidence(run: Run) -> None:
    """The same from a file and from standard input."""
    said = json.loads(run("extract", PAGE, "--url", URL)[1])
    assert list(said)[:4] == ["url", "outcome", "reason", "confidence"]
    assert (said["outcome"], said["reason"]) == ("article", "microdata of an article")
    assert 0.5 <= said["confidence"] <= 1
    assert json.loads(run("extract", "-", "--url", URL, stdin=PAGE.read_bytes())[1]) == said


def test_a_page_is_explained(run: Run, tmp_path: Path) -> None:
    """On the screen, as JSON and as a file; the file is named afterwards."""
    lines = told(run("extract", PAGE, "--url", URL, "--explain"))
    assert "authors Maëlle Joubert" in lines
    assert any(line.startswith("byline Par Maëlle Joubert its wording and position") for line in lines)
    said = json.loads(run("extract", PAGE, "--url", URL, "--explain", "--json")[1])
    assert {line["role"] for line in said["lines"]} == {None, "dek", "byline", "dateline", "text", "heading"}
    assert round(sum(part["points"] for part in said["weights"]), 2) == said["weight"]
    code, out, err = run("extract", "-", "--url", URL, "--html", "why.html", stdin=PAGE.read_bytes())
    assert (code, out) == (0, "")
    assert "why.html" in err
    assert "Le dernier bac de la Vire prend sa retraite" in (tmp_path / "why.html").read_text("utf-8")
    assert told(run("extract", PAGE, "--url", URL, "--explain", "--html", "why.html")) == lines


def test_the_layouts_of_the_day_hold(run: Run, tmp_path: Path) -> None:
    """In an archive's folder a page is read by its site's layouts, those of the day that it was fetched on."""
    (tmp_path / "newsarchive.toml").write_text(
        '[[site]]\nname = "corvan"\nurl = "https://www.echodecorvan.example/"\n'
        '[[site.layout]]\nuntil = 2020-01-01\nheadline = "p.titre-bloc"\n'
        '[[site.layout]]\nfrom = 2020-01-01\nheadline = "p.chapeau"\n'
    )

    def headline(*words: str, url: str = URL) -> str:
        return str(json.loads(run("extract", PAGE, "--url", url, *words)[1])["headline"])

    assert headline("--fetched", "2019-08-19") == "À lire aussi"
    assert headline("--fetched", "2021-08-19") == headline() == "Après 61 ans de service, le bateau ira au musée."
    elsewhere = "https://other.example/actualites/le-dernier-bac-de-la-vire-en-retraite"
    assert headline(url=elsewhere) == "Le dernier bac de la Vire prend sa retraite"
    assert headline("--site", "corvan", url=elsewhere) == headline()
    lines = told(run("extract", PAGE, "--url", URL, "--explain"))
    assert "headline 1 p.chapeau" in lines
    assert "the site's layout" in lines


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["none.html", "--url", URL], 74, "none.html: No such file"),
        ([PAGE], 2, "--url"),
        ([PAGE, "--url", URL, "--archive", "nowhere"], 3, "newsarchive init"),
        ([PAGE, "--url", URL, "--fetched", "yesterday"], 2, "--fetched yesterday: not a date"),
        ([PAGE, "--url", URL, "--html", "no/such/folder.html"], 74, "no/such/folder.html: No such file"),
    ],
)
def test_mistakes_are_reported(words: list[str | Path], code: int, says: str, run: Run) -> None:
    """One sentence, a documented exit code, and nothing on standard output."""
    ended, out, err = run("extract", *words)
    assert (ended, out) == (code, "")
    assert says in " ".join(err.replace("│", " ").split())


def test_a_bad_selector_is_reported_with_its_line(run: Run, tmp_path: Path) -> None:
    """Where, what, that nothing was done, and the command to try a layout with."""
    (tmp_path / "newsarchive.toml").write_text(
        '[[site]]\nname = "corvan"\nurl = "https://www.echodecorvan.example/"\n[[site.layout]]\ndrop = ["a", "b["]\n'
    )
    for words in (["status"], ["rebuild"], ["extract", PAGE, "--url", URL]):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert "newsarchive.toml, line 5: drop = 'b[' is not a CSS selector" in err
        assert "Nothing was done" in err
        assert "newsarchive extract FILE --url URL --explain" in err
