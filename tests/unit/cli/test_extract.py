"""`newsarchive extract`: one page read and explained, by the layouts of the archive one is in."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.cli import app
from newsarchive.cli.output import sanitize
from newsarchive.extract import extract_page
from newsarchive.extract.serialize import reading_to_text
from storage.model import BODY_ROLES, Article, Outcome, Paragraph, Reading, Role

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
        ([PAGE, PAGE, "--url", URL], 2, "for a single page; nothing was read"),
        ([PAGE, "--format", "pdf"], 2, "'pdf' is not one of"),
        ([PAGE, "--url", URL, "--archive", "nowhere"], 3, "newsarchive init"),
        ([PAGE, "--url", URL, "--fetched", "lately"], 2, "--fetched lately: not a date"),
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


def test_a_page_without_a_url_is_read(run: Run) -> None:
    """Its text and fields are the same; links stay relative, and no invented host is printed."""
    code, out, _ = run("extract", PAGE)
    said, known = json.loads(out), json.loads(run("extract", PAGE, "--url", URL)[1])
    assert code == 0
    assert "page.invalid" not in out
    assert (said["url"], said["headline"], said["body"]) == ("", known["headline"], known["body"])
    links = [link["url"] for group in said["links"] for link in group["links"]]
    assert links
    assert all(f"https://www.echodecorvan.example{link}" in json.dumps(known) for link in links if link.startswith("/"))


NAMING = (
    '<html><head><title>Rain</title><link rel="canonical" href="{}"><meta property="og:type" content="article"></head>'
    "<body><h1>Rain falls on the hills</h1><p>Rain has fallen on the hills and on those who live there for days.</p>"
    "<p>Snow has fallen on the hills and on those who live there for days.</p>"
    '<p>Nobody knew of <a href="/2026/05/03/the-rain-in-the-hills">the rain of the day before</a>.</p></body></html>'
)
NAMED = "https://news.example/2026/05/04/the-rain-of-may"


def test_the_url_that_a_page_names_is_its_url(run: Run) -> None:
    """Its form counts as it does where the URL is given; an unknown one is no evidence, as in the library."""
    page = NAMING.format(NAMED)
    found = json.loads(run("extract", "-", stdin=page.encode())[1])
    assert found == json.loads(run("extract", "-", "--url", NAMED, stdin=page.encode())[1])
    assert (found["url"], found["outcome"]) == (NAMED, "article")
    unknown = NAMING.format("").replace("the-rain-in-the-hills", "rain").encode()
    alone = json.loads(run("extract", "-", stdin=unknown)[1])
    reading = extract_page(unknown, "")
    assert (alone["outcome"], alone["confidence"]) == (str(reading.outcome), reading.confidence)


def test_many_pages_are_a_line_each(run: Run, tmp_path: Path) -> None:
    """Folders are walked in the order of names, by suffix; the URL that a browser wrote into a page is used."""
    folder = tmp_path / "saved" / "below"
    folder.mkdir(parents=True)
    html = PAGE.read_text("utf-8")
    (folder / "b.HTML").write_text(f"<!-- saved from url=(0030)https://b.example/news/story#top -->{html}")
    (folder / "a.htm").write_text(
        f"<!--\n Page saved with SingleFile \n url: https://a.example/news/story \n saved date: Wed Nov 25 2026"
        f" 10:00:00 GMT+0100 (CET)\n-->{html}"
    )
    (folder / "picture.png").write_bytes(b"PNG")
    code, out, _ = run("extract", tmp_path / "saved", PAGE, "--format", "jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["url"] for line in lines] == ["https://a.example/news/story", "https://b.example/news/story", ""]
    assert len({line["headline"] for line in lines}) == 1


def test_the_text_in_three_formats(run: Run) -> None:
    """Headline and body; Markdown marks headings and escapes markup; XML is well-formed."""
    body = json.loads(run("extract", PAGE, "--url", URL)[1])["body"]
    plain = run("extract", PAGE, "--url", URL, "--format", "txt")[1]
    first, *rest = plain.strip().split("\n\n")
    assert first == "Le dernier bac de la Vire prend sa retraite"
    assert "\n\n".join(rest).endswith(body)
    marked = run("extract", PAGE, "--url", URL, "--format", "md")[1]
    assert marked.startswith(f"# {first}\n\n")
    assert [line[3:] for line in marked.splitlines() if line.startswith("## ")]
    root = ET.fromstring(run("extract", PAGE, "--url", URL, "--format", "xml")[1])
    assert (root.tag, root.get("outcome"), root.findtext("headline")) == ("article", "article", first)
    assert {each.tag for each in root} >= {"headline", "dek", "heading", "text"}


@given(st.text(max_size=40), st.lists(st.tuples(st.sampled_from(sorted(BODY_ROLES)), st.text(max_size=60)), max_size=5))
def test_no_text_breaks_a_format(headline: str, paragraphs: list[tuple[Role, str]]) -> None:
    """Whatever a page says, XML can be parsed once control characters are replaced, and text keeps every paragraph."""
    found = tuple(Paragraph(role=role, text=text) for role, text in paragraphs)
    article = Article(url=URL, canonical_url=URL, headline=headline, paragraphs=found)
    reading = Reading(outcome=Outcome.ARTICLE, reason="", article=article)
    plain = reading_to_text(reading, "txt")
    assert all(text in plain for _, text in paragraphs)
    clean = "".join(each for each in sanitize(reading_to_text(reading, "xml")) if each not in "\ufffe\uffff")
    if not any("\ud800" <= each <= "\udfff" for each in clean):
        root = ET.fromstring(clean)
        assert len(root) == 2 + len(paragraphs)
    assert reading_to_text(reading, "md").endswith("\n")
