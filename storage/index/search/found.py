"""What a search found, article by article: an article stands for all of its versions that match."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.index.engine.database import AnyRow


@dataclass(slots=True)
class Found:
    """An article, by its newest version that matches (what a hit is made of)."""

    article_id: int
    newest: int
    """The greatest key of its versions."""
    score: float
    """Of the version that fits best; less is better."""
    matching: int
    """Versions that match."""
    version_id: int
    number: int
    site_id: int
    section: str | None
    language: str | None


def by_article(rows: Sequence[AnyRow]) -> list[Found]:
    """Articles in the order of their newest matches."""
    articles: dict[int, Found] = {}
    # There are thousands of rows, and taking a row apart at once costs a third of asking it for each name.
    for doc_id, version_id, article_id, site_id, number, section, language, score in rows:
        found = articles.get(article_id)
        if found is None:
            articles[article_id] = Found(article_id, doc_id, score, 1, version_id, number, site_id, section, language)
            continue
        found.matching += 1
        found.score = min(found.score, score)
        if number > found.number:
            found.version_id, found.number = version_id, number
            found.section, found.language = section, language
    return list(articles.values())


def best_first(articles: list[Found]) -> list[Found]:
    """The same, those first that fit best; of equals the newest."""
    return sorted(articles, key=lambda one: (one.score, -one.newest))
