"""Publication dates of pages whose metadata gives none, or a wrong one."""

from datetime import UTC, datetime

import pytest

from newsarchive.extract import extract_page
from newsarchive.extract.parse_date import parse_printed_date
from storage.model import Role
from storage.page_date import PageDate, SourcedDate

URL = "https://news.example/world/rain-falls-on-the-hills"
TEXT = "".join(f"<p>Sentence number {n} of a story about rain that falls on hills and fields.</p>" for n in range(40))
TITLE = "<h1>Rain falls on the hills</h1>"


def dates(top: str = TITLE, *, head: str = "", end: str = "") -> tuple[SourcedDate | None, SourcedDate | None]:
    page = (
        f"<html lang=en><head><meta property=og:type content=article>{head}</head>"
        f"<body><main><article>{top}{TEXT}</article>{end}</main></body></html>"
    )
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article.published, article.modified


@pytest.mark.parametrize(
    ("top", "head", "end", "source"),
    [
        pytest.param(TITLE, "", "<p>Published on: 12 May 2021</p>", "elsewhere", id="below the text"),
        pytest.param(TITLE, "", "<time datetime=2021-05-12>Wednesday</time>", "elsewhere", id="<time> below the text"),
        pytest.param(TITLE, "<title>Rain falls (12 May 2021)</title>", "", "title", id="title"),
        pytest.param(
            TITLE, '<script>var d = {"publishDate": "2021-05-12"}</script>', "", "script", id="data of a script"
        ),
        pytest.param(
            TITLE, '<meta property="article:modified_time" content="2021-05-12">', "", "modified", id="change"
        ),
        pytest.param(
            f"{TITLE}<figure><figcaption>The hills on 3 April 2020</figcaption></figure>",
            "<title>Rain falls (12 May 2021)</title>",
            "",
            "title",
            id="title, not the day in a caption",
        ),
        pytest.param(
            f"{TITLE}<p>The new dam will be closed from 1 July 2024, said the water board.</p>",
            "",
            "<p>Published on: 12 May 2021</p>",
            "elsewhere",
            id="not a day that a sentence names",
        ),
        pytest.param(
            f"<ul><li class=related><a href=/a>Snow</a> <time datetime=2020-12-03>3 December 2020</time></ul>{TITLE}"
            "<p>12 May 2021</p>",
            "",
            "",
            "visible",
            id="not the <time> of another article",
        ),
    ],
)
def test_date_is_found_where_the_metadata_gives_none(top: str, head: str, end: str, source: str) -> None:
    """Each further source is used where those before it give nothing."""
    published, _ = dates(top, head=head, end=end)
    assert published == SourcedDate(at=datetime(2021, 5, 12, tzinfo=UTC), is_day=True, source=source)


def test_day_without_a_year_is_the_last_before_the_change() -> None:
    """The page says when it was changed, so the year is known."""
    published, _ = dates(f"{TITLE}<p>May 10, 1:52 PM</p><p>Updated 3 June 2021</p>")
    assert published == SourcedDate(at=datetime(2021, 5, 10, 13, 52, tzinfo=UTC), source="visible")


def test_claimed_publication_after_the_last_change_yields_to_the_printed_date() -> None:
    """Some systems state the day on which the whole site was generated."""
    claims = '{"@type":"Article","headline":"Rain","datePublished":"2025-08-21","dateModified":"2025-08-20"}'
    published, _ = dates(
        f"{TITLE}<p>Published Apr 26, 2023</p>", head=f'<script type="application/ld+json">{claims}</script>'
    )
    assert published == SourcedDate(at=datetime(2023, 4, 26, tzinfo=UTC), is_day=True, source="visible")


def test_scripts_that_name_several_days_give_no_date() -> None:
    """The dates of other articles are in the data, too."""
    script = '<script>[{"publishDate": "2021-05-12"}, {"publishDate": "2021-06-30"}]</script>'
    assert dates(head=script) == (None, None)


@pytest.mark.parametrize(("language", "month"), [("hr", 10), ("bs", 10), ("cs", 11), ("pl", 11), ("", 11)])
def test_listopad_is_the_month_of_the_language(language: str, month: int) -> None:
    """October in Croatian, November in Polish and Czech."""
    assert parse_printed_date("12. listopada 2024.", language=language) == PageDate.parse(f"2024-{month}-12")


@pytest.mark.parametrize(
    "name", "siječanj veljača ožujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac".split()
)
def test_croatian_months_in_the_nominative(name: str) -> None:
    """All twelve names differ from those of the neighbours."""
    names = "siječanj veljača ožujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac".split()
    assert parse_printed_date(f"12. {name} 2024.", language="hr") == PageDate.parse(
        f"2024-{names.index(name) + 1:02}-12"
    )


def test_time_in_utc_gets_the_offset_in_which_the_page_prints_it() -> None:
    """So the day is that of the place where the page is written."""
    claim = '<meta property="article:published_time" content="2020-02-25T02:25:54+00:00">'
    published, _ = dates(f"{TITLE}<p>February 24, 2020 | 9:25pm</p>", head=claim)
    at = datetime(2020, 2, 25, 2, 25, 54, tzinfo=UTC)
    assert published == SourcedDate(at=at, offset=-300, source="meta")
    assert published.day.isoformat() == "2020-02-24"
    other_day, _ = dates(f"{TITLE}<p>March 3, 2020 | 9:25pm</p>", head=claim)
    assert other_day == SourcedDate(at=at, offset=0, source="meta")


@pytest.mark.parametrize(
    "line",
    [
        "Updated: March 6, 2024 | Published: March 5, 2024",
        "Updated: March 6, 2024 Published: March 5, 2024",
        "Mis à jour le 6 mars 2024 (publié le 5 mars 2024)",
        "Aktualisiert: 6. März 2024 – Veröffentlicht: 5. März 2024",
        "수정 2024.03.06 10:00 | 입력 2024.03.05 09:00",
        "更新：2024年3月6日 10:00 公開：2024年3月5日 09:00",
    ],
)
def test_publication_is_read_behind_the_change(line: str) -> None:
    published, modified = dates(f"{TITLE}<p>{line}</p>")
    assert published is not None
    assert modified is not None
    assert (published.at.date().isoformat(), modified.at.date().isoformat()) == ("2024-03-05", "2024-03-06")


def test_a_day_in_a_sentence_is_not_preferred_to_the_change() -> None:
    published, _ = dates(f"<div>Last updated 5 March 2024</div>{TITLE}<p>The council meets again on 14 March.</p>")
    assert published is not None
    assert (published.at.date().isoformat(), published.source) == ("2024-03-05", "modified")


@pytest.mark.parametrize(
    "words",
    [
        "Frissítve|Módosítva|Обновена|Последна промяна|Ažurirano|Zadnja izmjena|Ажурирано|Posodobljeno|Atnaujinta",
        "Actualizat|Aktualizované|Mise à jour|Aangepast|Muokattu|Uuendatud|Atjaunots|Përditësuar|Actualitzat|Uppfært",
        "עדכון אחרון|به‌روزرسانی|আপডেট|হালনাগাদ|اپ ڈیٹ|ปรับปรุง|修改|განახლდა|Թարմացվել է|Yenilənib|Dikemaskini",
    ],
)
def test_a_change_is_announced_in_many_languages(words: str) -> None:
    for word in words.split("|"):
        published, modified = dates(f"{TITLE}<p>04.03.2024 10:15 | {word}: 05.03.2024 11:30</p>")
        days = [date.day.day for date in (published, modified) if date is not None]
        assert days == [4, 5], word


@pytest.mark.parametrize(
    "line",
    [
        '<span itemprop="datePublished" content="2021-05-12T10:15:00Z"></span>',
        '<div>Posted <span itemprop="datePublished" content="2021-05-12T10:15:00Z">May 12</span> by Bea Ode</div>',
        '<div><span>Bea Ode</span> <b itemprop="datePublished" content="2021-05-12T10:15:00Z">Wednesday</b></div>',
    ],
)
def test_microdata_may_be_in_any_element(line: str) -> None:
    """Unless they state several days: those of other articles."""
    moment = SourcedDate(at=datetime(2021, 5, 12, 10, 15, tzinfo=UTC), offset=0, is_day=False, source="microdata")
    assert dates(TITLE + line)[0] == moment
    other = '<ul><li><a href=/a>Snow</a> <i itemprop="datePublished" content="2020-12-03"></i></ul>'
    assert dates(TITLE + line, end=other)[0] != moment


@pytest.mark.parametrize(
    "lines",
    [
        "<p>Published on</p><p>May 12, 2021</p>",
        "<p>Date published</p><p>May 12, 2021</p>",
        "<p>Veröffentlicht am</p><p>12. Mai 2021</p>",
        "<p>Publié le</p><p>12 mai 2021</p>",
        "<p>Pubblicato il</p><p>12 maggio 2021</p>",
        "<p>发表时间</p><p>2021年5月12日</p>",
        "<p>입력</p><p>2021년 5월 12일</p>",
        "<p>12 мая 2021 г.</p>",
        "<p>12.05.21, 10:15</p>",
    ],
)
def test_a_date_and_its_label_are_no_text(lines: str) -> None:
    """Though the label is a line of its own, or the line ends like a sentence."""
    head = "<meta property=og:type content=article>"
    page = f"<html><head>{head}</head><body><main>{TITLE}{lines}{TEXT}</main></body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert article.published is not None
    assert article.published.day.isoformat() == "2021-05-12"
    assert article.paragraphs[0].role is Role.DATELINE
    assert next(each.text for each in article.paragraphs if each.role is Role.TEXT).startswith("Sentence number 0")
