"""Learn which boxes of a site's pages hold the dek, and which stand beside the text; apply it where a page is in doubt.

    boxes of a sample of articles -> counts -> boxes learnt -> deks and paragraphs beside the text of all its versions

A page is read alone: what is learnt is kept beside its reading, changes no digest, and depends on the set of articles.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, bindparam, delete, text

from storage.index.engine.statements import STREAMING, AnyRow, build_query, fetch_by_ids, insert_rows, load_statements
from storage.index.schema.tables import SiteBoxRow

_SAMPLE = 200  # articles of a site, by the digests of their URLs: of all times, and the same after a rebuild
_MIN_ARTICLES, _MIN_AGREEING = 2, 0.9
_MAX_BESIDE = 300  # thousandths of a body that paragraphs beside it may have together


class SiteBox(NamedTuple):
    """A named box of a site's pages: it holds the dek, or is beside the text, in some of the compared articles."""

    box: str
    holds: str
    articles: int
    others: int


def unpack_boxes(packed: bytes) -> Any:
    """Return the boxes of a page: a dict, as newsarchive.extract.boxes describes it."""
    return json.loads(zlib.decompress(packed))


def find_site_boxes(pages: Iterable[Mapping[str, Any]]) -> list[SiteBox]:
    """Return what boxes of a site hold, by the pages of different articles: in two at least, and in nine of ten.

    A box beside the text may hold body in one more of them, that of a page in doubt.
    """
    counts = Counter((part, name) for page in pages for part, names in page.items() for name in names)
    learnt: dict[str, SiteBox] = {}
    for (part, name), count in sorted(counts.items(), reverse=True):
        body = counts["body", name] + counts["narrow", name]
        others = body if part == "beside" else body + counts["beside", name] + counts["other", name]
        disagreeing = others - (part == "beside" and others > 0)
        if part in ("dek", "beside") and count >= max(_MIN_ARTICLES, _MIN_AGREEING * (count + disagreeing)):
            learnt.setdefault(name, SiteBox(name, part, count, others))
    return sorted(learnt.values())


def apply_site_boxes(learnt: Iterable[SiteBox], page: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the dek that a page has in a learnt box, and the positions of paragraphs beside its text, as stored."""
    lines, narrow = page.get("lines", {}), page.get("narrow", {})
    deks = (lines[each.box] for each in learnt if each.holds == "dek" and each.box in lines)
    shares = dict(pair for each in learnt if each.holds == "beside" for pair in narrow.get(each.box, ()))
    is_little = bool(shares) and sum(shares.values()) <= _MAX_BESIDE
    return next(deks, None), f" {' '.join(map(str, sorted(shares)))} " if is_little else None


def learn_boxes(connection: Connection, site_ids: Sequence[int], new: Iterable[int], *, everything: bool) -> None:
    """Learn the boxes of sites and apply them: to their `new` versions, and to all where something else is learnt."""
    by_site: dict[int, list[SiteBox]] = {}
    changes: list[dict[str, Any]] = []
    for site_id in site_ids:
        of_site = {"site": site_id}
        before = [SiteBox(*row) for row in connection.execute(_STORED, of_site)]
        sample = connection.scalars(_SAMPLED, {**of_site, "sample": _SAMPLE})
        learnt = by_site[site_id] = find_site_boxes(map(unpack_boxes, sample))
        if learnt != before:
            connection.execute(delete(SiteBoxRow).where(SiteBoxRow.site_id == site_id))
            insert_rows(connection, SiteBoxRow, [{"site_id": site_id, **each._asdict()} for each in learnt])
        if everything or [each[:2] for each in learnt] != [each[:2] for each in before]:
            changes += _find_changes(by_site, connection.execute(_OF_SITE, of_site, execution_options=STREAMING))
    changes += _find_changes(by_site, fetch_by_ids(connection, _OF_VERSIONS, new))
    if changes:
        connection.execute(_APPLY, sorted(changes, key=lambda change: change["of"]))


def _find_changes(by_site: Mapping[int, Sequence[SiteBox]], versions: Iterable[AnyRow]) -> Iterator[dict[str, Any]]:
    for row in versions:
        learnt = by_site[row.site_id]
        dek, beside = apply_site_boxes(learnt, unpack_boxes(row.boxes)) if learnt else (None, None)
        own, before = (None, row.dek) if row.is_dek_learnt else (row.dek, None)
        if (dek, beside) != (before, row.beside):
            yield {"of": row.id, "new_dek": own or dek, "is_learnt": dek is not None, "new_beside": beside}


_SQL = load_statements("storage.index.boilerplate", "boxes.sql")
_STORED, _SAMPLED = text(_SQL["stored"]), text(_SQL["sampled"])
_OF_SITE = build_query(_SQL["of-site"], is_dek_learnt=Boolean)
_OF_VERSIONS = build_query(_SQL["of-versions"], ["ids"], is_dek_learnt=Boolean)
_APPLY = text(_SQL["apply"]).bindparams(bindparam("is_learnt", type_=Boolean))
