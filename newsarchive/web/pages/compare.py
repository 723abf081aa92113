"""/article/17/compare?a=1&b=2: two versions of an article, paragraph by paragraph and word by word."""

from fastapi import APIRouter, Response

from newsarchive.diff.articles import Comparison, RowKind, compare_versions
from newsarchive.web.context import AtDoor
from newsarchive.web.pages.article import article_of, version_of

router = APIRouter(include_in_schema=False)

AROUND = 1
"""Unchanged paragraphs that are shown on each side of a change; the others are folded."""


@router.get("/article/{article_id:int}/compare")
def compare(door: AtDoor, article_id: int, a: int | None = None, b: int | None = None) -> Response:
    """Two versions; without numbers the newest two."""
    article = article_of(door, article_id)
    numbers = sorted(line.number for line in article.versions)
    newest = b if b is not None else numbers[-1]
    oldest = a if a is not None else max((number for number in numbers if number < newest), default=newest)
    first, second = sorted((oldest, newest))
    older, newer = version_of(door, article, first), version_of(door, article, second)
    found = compare_versions(older, newer)
    # Numbers may have gaps: a version that is not to be shown keeps its own.
    return door.page(
        "compare.html",
        etag=True,
        article=article,
        older=older,
        newer=newer,
        before=max((number for number in numbers if number < first), default=None),
        after=min((number for number in numbers if number > second), default=None),
        found=found,
        folded=folds(found),
    )


def folds(found: Comparison) -> list[tuple[bool, int, int]]:
    """Stretches of rows: whether they are folded, from which row, to which (not included).

    Unchanged paragraphs are folded where more than two stand together away from a change.
    """
    shown = [False] * len(found.rows)
    for at, row in enumerate(found.rows):
        if row.kind is not RowKind.SAME:
            for near in range(max(0, at - AROUND), min(len(shown), at + AROUND + 1)):
                shown[near] = True
    stretches: list[tuple[bool, int, int]] = []
    begin = 0
    for at in range(1, len(shown) + 1):
        if at == len(shown) or shown[at] != shown[begin]:
            stretches.append((not shown[begin] and at - begin > 2, begin, at))
            begin = at
    return stretches
