"""The archive's own metadata as WARC fields: provenance of a URL, and the run that wrote a file.

metadata beside an exchange    site, kind, via, viaKind, title, published, anchor, redirects, callback
warcinfo                       newsarchive-run, started, newsarchive-site (JSON, one per site)
metadata at the end of a run   the same, and finished, outcome, counters (JSON)
"""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage.errors import BadRecord
from storage.model import CrawlRun, Discovery, Site, UrlKind
from storage.page_date import PageDate
from storage.warc.record import Fields, Record, clean_value, header, parse_fields

RUN_URI = "urn:newsarchive:crawl:"
RUN_FIELD = b"newsarchive-run: "


def discovery_fields(discovery: Discovery) -> Fields:
    """Return the provenance of a URL as named fields."""
    yield "site", discovery.site
    yield "kind", discovery.kind.value
    yield "via", discovery.via
    yield "viaKind", discovery.via_kind.value if discovery.via_kind else None
    yield "title", discovery.title
    yield "published", discovery.published.isoformat() if discovery.published else None
    yield "anchor", discovery.anchor
    yield "redirects", str(discovery.redirect_count) if discovery.redirect_count else None
    yield "callback", discovery.callback


def normalize_discovery(discovery: Discovery) -> Discovery:
    """Return a discovery as a reader of the file will parse it, so that a rebuilt index equals the live one.

    Line ends and control characters become spaces; outer white space is stripped.
    """
    given = ((name, getattr(discovery, name)) for name in ("site", "via", "title", "anchor"))
    cleaned: dict[str, Any] = {name: clean_value(value) for name, value in given if value is not None}
    return replace(discovery, **cleaned)


def parse_discovery(record: Record) -> Discovery | None:
    """Return the provenance of a URL from the metadata record of its capture; None if another tool wrote it."""
    fields = parse_fields(record.block)
    via_kind, published = header(fields, "viaKind"), header(fields, "published")
    try:
        return Discovery(
            site=dict(fields)["site"],
            kind=UrlKind(header(fields, "kind") or ""),
            via=header(fields, "via"),
            via_kind=UrlKind(via_kind) if via_kind else None,
            title=header(fields, "title"),
            published=PageDate.parse(published) if published else None,
            anchor=header(fields, "anchor"),
            redirect_count=int(header(fields, "redirects") or 0),
            callback=header(fields, "callback"),
        )
    except (KeyError, ValueError, OverflowError):
        return None


def run_fields(run: CrawlRun) -> Fields:
    """Return a run as named fields, with its end once it has ended."""
    yield "newsarchive-run", run.id
    yield "started", run.started_at.isoformat()
    if run.finished_at:
        yield "finished", run.finished_at.isoformat()
        yield "outcome", run.outcome
        yield "counters", json.dumps(dict(run.counters), sort_keys=True)
    for site in run.sites:
        fields: dict[str, object] = {"name": site.name, "url": site.url, "hosts": list(site.hosts)}
        if site.requisites:
            fields["requisites"] = True
        yield "newsarchive-site", json.dumps(fields, ensure_ascii=False)


def parse_run(record: Record) -> CrawlRun | None:
    """Return the run of a warcinfo or end record; None if another tool wrote it, BadRecord if ours is malformed."""
    if RUN_FIELD not in record.block:
        return None
    fields = parse_fields(record.block)
    finished = header(fields, "finished")
    try:
        counters = json.loads(header(fields, "counters") or "{}")
        return CrawlRun(
            id=header(fields, "newsarchive-run") or "",
            sites=tuple(_parse_site(json.loads(value)) for key, value in fields if key == "newsarchive-site"),
            started_at=datetime.fromisoformat(header(fields, "started") or ""),
            finished_at=datetime.fromisoformat(finished) if finished else None,
            outcome=header(fields, "outcome"),
            counters={str(name): int(count) for name, count in counters.items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        place = record.place
        raise BadRecord(place.warc, place.offset, f"malformed run record ({problem})") from None


def _parse_site(fields: dict[str, Any]) -> Site:
    hosts, requisites = tuple(map(str, fields["hosts"])), fields.get("requisites") is True
    return Site(name=str(fields["name"]), url=str(fields["url"]), hosts=hosts, requisites=requisites)
