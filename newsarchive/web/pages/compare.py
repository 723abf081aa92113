"""/article/17/compare?a=1&b=2: two versions of an article, by paragraph and word."""

from fastapi import APIRouter, Response

from newsarchive.diff.articles import Comparison, RowKind, compare_versions
from newsarchive.web.context import Context
from newsarchive.web.pages.article import get_article_or_404, get_version_or_404

router = APIRouter(include_in_schema=False)

CONTEXT_ROWS = 1
"""Unchanged paragraphs shown on each side of a change; the others are folded."""


@router.get("/article/{article_id:int}/compare")
def compare(context: Context, article_id: int, a: int | None = None, b: int | None = None) -> Response:
    """Compare two versions; by default the newest two."""
    article = get_article_or_404(context, article_id)
    numbers = sorted(line.number for line in article.versions)
    newest = b if b is not None else numbers[-1]
    oldest = a if a is not None else max((number for number in numbers if number < newest), default=newest)
    first, second = sorted((oldest, newest))
    older, newer = get_version_or_404(context, article, first), get_version_or_404(context, article, second)
    found = compare_versions(older, newer)
    # Numbers may have gaps: versions that are not published keep theirs.
    return context.render(
        "compare.html",
        etag=True,
        article=article,
        older=older,
        newer=newer,
        before=max((number for number in numbers if number < first), default=None),
        after=min((number for number in numbers if number > second), default=None),
        found=found,
        folded=find_folds(found),
    )


def find_folds(found: Comparison) -> list[tuple[bool, int, int]]:
    """Return ranges of rows as (folded, begin, end), the end exclusive.

    Runs of more than two unchanged paragraphs away from a change are folded.
    """
    shown = [False] * len(found.rows)
    for at, row in enumerate(found.rows):
        if row.kind is not RowKind.SAME:
            for near in range(max(0, at - CONTEXT_ROWS), min(len(shown), at + CONTEXT_ROWS + 1)):
                shown[near] = True
    ranges: list[tuple[bool, int, int]] = []
    begin = 0
    for at in range(1, len(shown) + 1):
        if at == len(shown) or shown[at] != shown[begin]:
            ranges.append((not shown[begin] and at - begin > 2, begin, at))
            begin = at
    return ranges
