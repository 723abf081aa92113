"""Lines of a CSV file are loaded without text and links, which are most of the work."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from newsarchive.export.articles import flatten_line, format_rows
from newsarchive.web.pages.search import COLUMNS
from storage.index import Index
from storage.index.queries.export import load_articles
from storage.index.schema.tables import VersionRow
from storage.model import Ingest, Link, LinkGroup, LinkKind, Paragraph, Role


def test_csv_rows_are_the_same_without_text_and_links(
    index: Index, article_at: Callable[..., Ingest], plan: Callable[..., Any]
) -> None:
    """Corrections are paragraphs, and a column all the same."""
    paragraphs = (Paragraph(role=Role.TEXT, text="It fell."), Paragraph(role=Role.CORRECTION, text="It did not."))
    group = LinkGroup(kind=LinkKind.RELATED, label="", links=(Link(url="https://news.example/b", anchor="B"),))
    index.commit([article_at("https://news.example/a", paragraphs=paragraphs, link_groups=(group,))], plan)
    ids = index.read(lambda connection: list(connection.scalars(select(VersionRow.id))))
    found = (index.stream(load_articles, ids, with_text=text) for text in (True, False))
    whole, brief = ([each.to_dict() for each in some] for some in found)
    rows, brief_rows = (list(format_rows(map(flatten_line, lines), COLUMNS, "csv")) for lines in (whole, brief))
    assert rows == brief_rows
    assert "It did not." in "".join(brief_rows)
    assert (len(whole[0]["links"]), brief[0]["links"]) == (1, [])
