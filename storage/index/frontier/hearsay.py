"""What sources say of pages that the archive holds: that they have changed since. Such a page is due again at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select, update

from storage.index.engine.database import parts
from storage.index.rows.entry import Entry
from storage.index.schema.tables import FrontierRow
from storage.model import Found

YOUNG = timedelta(days=45)
"""What changed longer ago was told by readings before, or does not matter any more."""
AT_ONCE = 3
"""So many pages may change between two readings, or half of all: who tells of more dates everything anew each time."""


def heard(connection: Connection, entries: Sequence[Entry], urls: Mapping[str, int]) -> dict[int, datetime]:
    """Pages of which sources say that they were changed after they were last looked at, and since when they are due."""
    hurried: dict[int, datetime] = {}
    for entry in entries:
        told = {urls[found.url]: found for found in entry.ingest.found if _is_news(found)}
        if not told:
            continue
        later = _looked_at_before(connection, told)
        if 0 < len(later) <= max(AT_ONCE, len(told) // 2):
            for url_id in later:
                hurried[url_id] = min(filter(None, (hurried.get(url_id), told[url_id].due_at)))
    return hurried


def hurry(connection: Connection, hurried: Mapping[int, datetime]) -> None:
    """Make pages due that are to be looked at later."""
    if hurried:
        connection.execute(_HURRY, [{"of": url_id, "at": at} for url_id, at in sorted(hurried.items())])


def _is_news(found: Found) -> bool:
    return found.modified is not None and found.due_at - YOUNG <= found.modified <= found.due_at


def _looked_at_before(connection: Connection, told: Mapping[int, Found]) -> list[int]:
    """Those of the pages that were changed since the archive last looked."""
    later: list[int] = []
    for some in parts(told):
        for row in connection.execute(_LOOKED, {"ids": some}):
            modified = told[row.url_id].modified
            if modified is not None and row.looked_at < modified:
                later.append(row.url_id)
    return later


_LOOKED = select(FrontierRow.url_id, FrontierRow.looked_at).where(
    FrontierRow.url_id.in_(bindparam("ids", expanding=True)), FrontierRow.looked_at.is_not(None)
)
_HURRY = (
    update(FrontierRow)
    .where(
        FrontierRow.url_id == bindparam("of"),
        or_(FrontierRow.due_at.is_(None), FrontierRow.due_at > bindparam("at")),
    )
    .values(due_at=bindparam("at"))
)
