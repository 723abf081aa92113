"""/changes: what was changed in articles, when and how much; the same as feeds, CSV and JSON Lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import QueryParams

from newsarchive.diff.edits import EditKind
from newsarchive.export.articles import CHANGE_COLUMNS, view_to_json
from newsarchive.web.context import Context
from newsarchive.web.feeds import FeedEntry, render_feed
from newsarchive.web.jinja_env import build_url
from newsarchive.web.pages.bar_charts import build_day_chart, last_days
from newsarchive.web.pages.search import FEED_SIZE
from newsarchive.web.search_params import PAGE_SIZE, parse_page
from storage.index.queries.aggregates import list_site_names
from storage.index.queries.observations import find_changes, iter_changes, list_changes
from storage.index.views.history import ChangeFilters, ChangeView
from storage.observations import CHANGED_BACK, ChangeEvent
from storage.page_date import parse_date_range

router = APIRouter()

DAYS = 60
NOTICES = {"silent": "without a notice", "dated": "with a new date only", "noted": "with a notice"}
KINDS = {kind.value: kind.value.replace("-", " ") for kind in EditKind}
KINDS |= {"removed": "paragraphs removed", "added": "paragraphs added", "order": "paragraphs moved"}
EVENTS = {event.value: event.value for event in ChangeEvent} | {"back": "back again"}
_SIZES = {str(size): f"{size:,} characters or more" for size in (10, 100, 1000)}
_CHOICES: Mapping[str, Mapping[str, str]] = {"event": EVENTS, "kind": KINDS, "notice": NOTICES, "size": _SIZES}
_NAMES = ("site", "section", "author", "event", "kind", "notice", "size", "since", "until")


@dataclass(frozen=True, slots=True)
class ChangeParams:
    """Filters of the page as its URL gives them, by name; a page number from 1, and what was not understood."""

    query: Mapping[str, str]
    page: int
    problems: tuple[str, ...]

    @classmethod
    def from_query(cls, given: QueryParams) -> "ChangeParams":
        """Parse the query of a URL. Invalid values are ignored and reported."""
        values = {name: text for name in _NAMES if (text := given.get(name, "").replace("\0", "").strip()[:500])}
        problems = []
        for name, text in tuple(values.items()):
            is_date = name in {"since", "until"}
            if (is_date and parse_date_range(text) is None) or (name in _CHOICES and text not in _CHOICES[name]):
                problems.append(f"{name} {text[:40]} is not a {'date' if is_date else 'choice'} and was ignored")
                del values[name]
        return cls(values, parse_page(given), tuple(problems))

    @property
    def filters(self) -> ChangeFilters:
        """Filters for the index."""
        since, until = (parse_date_range(self.query.get(name, "")) for name in ("since", "until"))
        named: dict[str, Any] = {name: self.query.get(name) for name in _NAMES[:-2]}
        named["size"] = int(self.query.get("size", 0)) or None
        return ChangeFilters(**named, since=since[0] if since else None, until=until[1] if until else None)

    def url(self, path: str = "/changes", **changes: str) -> str:
        """Return the URL of this list with other filters, from its first page."""
        return build_url(path, **{name: value for name, value in {**self.query, **changes}.items() if value})


@router.get("/changes")
def show_changes(context: Context) -> Response:
    """Return a page of changes, those seen last first."""
    params = ChangeParams.from_query(context.request.query_params)
    offset = (params.page - 1) * PAGE_SIZE
    found = context.index.ask(find_changes, params.filters, limit=PAGE_SIZE, offset=offset)
    last = max(found.days, default=None)
    return context.render(
        "changes.html", etag=True, params=params, found=found, earlier=found.since and found.since - timedelta(days=1),
        chart=last and build_day_chart(last_days(last, min(DAYS, (last - min(found.days)).days + 14)), found.days),
        sites=context.index.ask(list_site_names), choices=_CHOICES, size=PAGE_SIZE, compare_path=compare_path,
    )  # fmt: skip


def describe_change(change: ChangeView) -> str:
    """Return what was changed in a line: "numbers, byline: without a notice"."""
    what = ", ".join(KINDS.get(kind, kind) for kind in change.kinds) or EVENTS[change.event]
    what = what.replace(KINDS[CHANGED_BACK], f"{KINDS[CHANGED_BACK]} to version {change.version}")
    return f"{what}: {NOTICES[change.notice]}" if change.notice in NOTICES else what


def feed_entry(change: ChangeView) -> FeedEntry:
    """Return a change as an entry of a feed."""
    excerpts = [f"- {change.before}" if change.before else "", f"+ {change.after}" if change.after else ""]
    return FeedEntry(
        captured=change.seen, page=compare_path(change), url=change.url, updated=change.seen,
        title=f"{change.headline} ({describe_change(change)})", authors=(change.site,), section=change.section,
        language=change.language, summary=describe_change(change), text="\n".join(filter(None, excerpts)),
    )  # fmt: skip


def compare_path(change: ChangeView) -> str:
    """Return the path of the page that shows a change: the comparison, or the article where no text differs."""
    if change.version in {None, change.version_before}:
        return f"/article/{change.article}"
    return build_url(f"/article/{change.article}/compare", a=change.version_before, b=change.version)


@router.get("/changes.atom")
@router.get("/changes.json")
def changes_feed(context: Context) -> Response:
    """Return the newest changes as an Atom feed or a JSON Feed."""
    params = ChangeParams.from_query(context.request.query_params)
    found = context.index.ask(list_changes, params.filters, limit=FEED_SIZE)
    label = ", ".join(params.query.values())
    title, query = f"Changes{f' ({label})' if label else ''}", params.url("")
    return render_feed(context, title, "/changes", [*map(feed_entry, found)], query)


@router.get("/changes.csv")
@router.get("/changes.jsonl")
def changes_rows(context: Context) -> Response:
    """Return all changes, up to a limit, as JSON Lines or CSV."""
    filters = ChangeParams.from_query(context.request.query_params).filters
    views = iter_changes(context.index, filters, limit=context.options.limits.max_rows)
    found = (view_to_json(view, CHANGE_COLUMNS) for view in views)
    return context.stream_rows(context.request.url.path[1:], found, CHANGE_COLUMNS)
