"""Statements of the index, on pages, in the API and in exports; those of two indexes compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection, select

from storage.index.queries.aggregates import list_site_counts
from storage.index.queries.articles import get_article, get_version, load_link_groups
from storage.index.queries.export import load_articles
from storage.index.queries.observations import list_changes
from storage.index.queries.status import list_sources
from storage.index.reader import ReadScope
from storage.index.schema.tables import ArticleRow, CaptureRow, VersionRow
from storage.index.views.articles import ArticleView, CaptureView
from storage.index.views.history import ChangeFilters
from storage.model import Outcome

OF_ONE_INDEX = frozenset(
    {"id", "article_id", "version_id", "refers_to_id", "linked_from", "site_title", "extractor", "reason", "current"}
)
"""Fields that differ between two indexes of the same captures, or that say nothing of the article."""
BY_OTHER_ARTICLES = frozenset({"boilerplate", "body", "paragraphs", "place"})
"""Fields that depend on other articles of the site, by which boilerplate is known. `all_paragraphs` has all text."""
BY_ITS_OWN_RECORD = frozenset(
    {Outcome.ARTICLE, Outcome.REDIRECT, Outcome.GONE, Outcome.ERROR, Outcome.NOT_MODIFIED, Outcome.ASSET}
)
"""Outcomes that need no other captures: what else a page is may depend on what other addresses showed."""
_MAX_CHANGES = 10_000  # changes of an article that are compared, the newest ones


def list_article_ids(connection: Connection) -> list[int]:
    """Return the ids of all articles."""
    return list(connection.scalars(select(ArticleRow.id).order_by(ArticleRow.id)))


Statement = tuple[ArticleView, dict[str, Any]]
"""An article, and what an index says of it by field, such as "versions[1].headline", without its captures.

"extractors" are the versions of the extractor that read it.
"""


def load_statement(scope: ReadScope, article_id: int) -> Statement | None:
    """Return what the index says of an article; None if there is no such article, or it has no version."""
    if (article := get_article(scope, article_id)) is None:
        return None
    query = select(VersionRow.id).where(VersionRow.article_id == article_id).order_by(VersionRow.number)
    ids = scope.connection.scalars(query).all()
    versions = [get_version(scope, version_id) for version_id in ids]
    # By these lists are sorted and filtered; pages show the dates as they are stated.
    columns = (VersionRow.published_at, VersionRow.modified_at, VersionRow.is_corrected, VersionRow.is_current)
    sorting = select(*columns, ArticleRow.dated_at).join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    sorting = sorting.where(VersionRow.article_id == article_id).order_by(VersionRow.number, VersionRow.id)
    changes = list_changes(scope, ChangeFilters(article_id=article_id), limit=_MAX_CHANGES)
    said = {
        "article": {**_by_field(article), "captures": ()},
        "current": article.current.number,
        "versions": versions,
        "sorting": [row._asdict() for row in scope.connection.execute(sorting)],
        "changes": [{**_by_field(each), "article": None, "capture": None} for each in changes],
        "exports": [each.to_dict() for each in load_articles(scope, ids)],
    }
    extractors = frozenset(each.extractor for each in versions if each is not None)
    return article, {**dict(_flatten(said, "")), "extractors": extractors}


def load_capture_statement(scope: ReadScope, capture: CaptureView) -> dict[str, object]:
    """Return what an index says of a capture, by field, with the version of the extractor that read it."""
    said: dict[str, object] = {"capture": {**_by_field(capture), "shows an article": capture.article_id is not None}}
    if capture.outcome is Outcome.LISTING:
        said["links"] = load_link_groups(scope, capture.id)
    columns = select(CaptureRow.extractor, CaptureRow.noarchive).where(CaptureRow.id == capture.id)
    return {**dict(_flatten(said, "")), **scope.connection.execute(columns).one()._asdict()}


def load_overview(scope: ReadScope) -> dict[str, Mapping[str, object]]:
    """Return what an index says of sites with captures and of sources, by field."""
    said: dict[str, object] = {f"site {each.name}": each for each in list_site_counts(scope) if each.captures}
    said |= {f"{each.kind.value} {each.url}": each for each in list_sources(scope)}
    return {name: dict(_flatten(each, "")) for name, each in said.items()}


def _by_field(value: Any) -> dict[str, object]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _flatten(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the plain values of nested data by their paths."""
    if isinstance(value, str | bytes | Enum):
        yield path, value
    elif isinstance(value, Sequence):
        yield f"{path}.length", len(value)
        for number, each in enumerate(value):
            yield from _flatten(each, f"{path}[{number}]")
    elif isinstance(value, Mapping) or is_dataclass(value):
        for name, each in (value if isinstance(value, Mapping) else _by_field(value)).items():
            # At the top "current" is the number of the current version.
            if name not in OF_ONE_INDEX or not path:
                yield from _flatten(each, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def find_differences(said: Statement, read: Statement, *, whole: bool) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two indexes differ on an article, with both values.

    Unless the second one was made from `whole` files, what depends on captures of other articles is left out.
    """
    skipped = set() if whole else set(BY_OTHER_ARTICLES)
    if not whole and any(each.outcome not in BY_ITS_OWN_RECORD for each in said[0].captures):
        skipped |= {"state", "history", "changes"}
    different = find_different(said[1], read[1])
    return {path: pair for path, pair in different.items() if skipped.isdisjoint(path.replace("[", ".").split("."))}


def find_different(said: Mapping[str, object], read: Mapping[str, object]) -> dict[str, tuple[Any, Any]]:
    """Return the fields that differ, with both values."""
    pairs = {path: (said.get(path), read.get(path)) for path in sorted(said.keys() | read.keys())}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}
