"""What a site's addresses turned out to be."""

from sqlalchemy import Connection, select

from storage.index.schema.tables import CaptureRow, SiteRow, UrlRow
from storage.model import Outcome

_TELLING = [outcome.value for outcome in (Outcome.ARTICLE, Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA,
                                          Outcome.PAYWALL_STUB)]  # fmt: skip


def addresses_read(connection: Connection, site: str, *, limit: int) -> list[tuple[str, Outcome]]:
    """Addresses of a site's pages, each once, and what its newest capture was taken for (by the newest `limit`)."""
    rows = connection.execute(
        select(UrlRow.url, CaptureRow.outcome)
        .join(CaptureRow, CaptureRow.url_id == UrlRow.id)
        .join(SiteRow, SiteRow.id == CaptureRow.site_id)
        .where(SiteRow.name == site, CaptureRow.outcome.in_(_TELLING))
        .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id)
        .limit(limit)
    )
    newest: dict[str, Outcome] = {}
    for row in rows:
        newest.setdefault(row.url, Outcome(row.outcome))
    return list(newest.items())
