"""What the archive says of itself in WARC fields: how a URL was found, and which run wrote a file.

metadata beside an exchange    site, kind, via, viaKind, title, published, anchor
warcinfo                       newsarchive-run, started, newsarchive-site (JSON, one a site)
metadata at the end of a run   the same, and finished, outcome, counters (JSON)
"""

import json
from dataclasses import replace
from datetime import datetime

from storage.errors import BadRecord
from storage.model import CrawlRun, Discovery, Site, UrlKind
from storage.warc.record import Fields, Headers, Record, header, parse_fields, tidy

RUN_URI = "urn:newsarchive:crawl:"
OURS = b"newsarchive-run: "


def discovery_fields(discovery: Discovery) -> Fields:
    """Return how a URL was found, as named fields."""
    yield "site", discovery.site
    yield "kind", discovery.kind.value
    yield "via", discovery.via
    yield "viaKind", discovery.via_kind.value if discovery.via_kind else None
    yield "title", discovery.title
    yield "published", discovery.published.isoformat() if discovery.published else None
    yield "anchor", discovery.anchor


def as_written(discovery: Discovery) -> Discovery:
    """Return a discovery as a reader of the file will have it: what goes into the index live must equal a rebuild.

    Line ends and control characters become spaces, outer white space goes.
    """
    return replace(
        discovery,
        site=tidy(discovery.site),
        via=None if discovery.via is None else tidy(discovery.via),
        title=None if discovery.title is None else tidy(discovery.title),
        anchor=None if discovery.anchor is None else tidy(discovery.anchor),
    )


def discovery_of(record: Record) -> Discovery | None:
    """Return how a URL was found, from the metadata record beside its capture; None where that is another tool's."""
    fields = parse_fields(record.block)
    via_kind, published = header(fields, "viaKind"), header(fields, "published")
    try:
        return Discovery(
            site=dict(fields)["site"],
            kind=UrlKind(header(fields, "kind") or ""),
            via=header(fields, "via"),
            via_kind=UrlKind(via_kind) if via_kind else None,
            title=header(fields, "title"),
            published=datetime.fromisoformat(published) if published else None,
            anchor=header(fields, "anchor"),
        )
    except (KeyError, ValueError):
        return None


def run_fields(run: CrawlRun) -> Fields:
    """Return a run as named fields; its end is among them once it has ended."""
    yield "newsarchive-run", run.id
    yield "started", run.started_at.isoformat()
    if run.finished_at:
        yield "finished", run.finished_at.isoformat()
        yield "outcome", run.outcome
        yield "counters", json.dumps(dict(run.counters), sort_keys=True)
    for site in run.sites:
        told: dict[str, object] = {"name": site.name, "url": site.url, "hosts": list(site.hosts)}
        if site.requisites:
            told["requisites"] = True
        yield "newsarchive-site", json.dumps(told, ensure_ascii=False)


def run_of(record: Record) -> CrawlRun | None:
    """Return the run that a warcinfo or end record tells of; None where it tells of none of ours.

    BadRecord where it means to be ours and cannot be read.
    """
    if OURS not in record.block:
        return None
    fields = parse_fields(record.block)
    finished = header(fields, "finished")
    try:
        return CrawlRun(
            id=header(fields, "newsarchive-run") or "",
            sites=tuple(_site(value) for key, value in fields if key == "newsarchive-site"),
            started_at=datetime.fromisoformat(header(fields, "started") or ""),
            finished_at=datetime.fromisoformat(finished) if finished else None,
            outcome=header(fields, "outcome"),
            counters=_counters(fields),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        place = record.place
        raise BadRecord(place.warc, place.offset, f"a run that cannot be read ({problem}) stands") from None


def _counters(fields: Headers) -> dict[str, int]:
    return {str(name): int(count) for name, count in json.loads(header(fields, "counters") or "{}").items()}


def _site(text: str) -> Site:
    told = json.loads(text)
    return Site(
        name=str(told["name"]),
        url=str(told["url"]),
        hosts=tuple(str(host) for host in told["hosts"]),
        requisites=told.get("requisites") is True,
    )
