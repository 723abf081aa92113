"""/alerts: saved searches and filters of changes that report what is new, of the file and readers' own; their feeds."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from newsarchive.alerts.matching import filter_changes, filter_texts, open_store
from newsarchive.config.schema import ALERT_SETTINGS, AlertConfig
from newsarchive.config.toml_file import to_toml
from newsarchive.web.context import Context, FormFields, RequestContext
from newsarchive.web.pages import changes, search
from storage.index.queries.observations import list_changes
from storage.index.search.results import search_articles

router = APIRouter(include_in_schema=False)

MAX_ALERTS, MAX_WORDED = 100, 2_000
"""Alerts of one reader; articles with the words of an alert whose changes its feed has."""


def _list_alerts(context: RequestContext) -> tuple[str, list[AlertConfig]]:
    """Return who reads ("": nobody known), and that reader's alerts after those of the file, unless all may read."""
    reader: str = getattr(context.request.state, "reader", "")
    shown = [] if context.options.public else list(context.archive.config.alerts)
    if reader:
        with closing(open_store(context.archive.folder)) as store:
            shown += [each for each in store.list_alerts(context.archive.config) if each.reader == reader]
    return reader, shown


def _build_alert(given: Mapping[str, str], reader: str = "") -> AlertConfig:
    """Return an alert from the fields of a form, lists as lines; ValueError says what is wrong."""
    values: dict[str, Any] = {"name": "alert"}
    for setting in ALERT_SETTINGS:
        if text := given.get(setting.name, "").strip():
            kinds = {"list": text.splitlines(), "true": True, "whole": int(text) if text.isdecimal() else 0}
            values[setting.name] = setting.value_type.parse(kinds.get(setting.value_type.name.split()[0], text))
    return AlertConfig(**values, reader=reader)


@router.get("/alerts")
def show_alerts(context: Context) -> Response:
    """Return the list of alerts, and with filters in the query the form of a new one, and its lines for the file."""
    given = {name: text[:1000] for name, text in context.request.query_params.items()}
    reader, alerts = _list_alerts(context)
    try:
        alert = _build_alert(given)
    except ValueError as problem:
        raise HTTPException(400, f"This is no alert: it {problem}") from None
    values = {each.name: getattr(alert, each.name) for each in ALERT_SETTINGS}
    lines = [f"{name} = {to_toml(value)}" for name, value in values.items() if value]
    return context.render("alerts.html", reader=reader, alerts=alerts, given=given, alert=alert, lines=lines)


@router.post("/alerts")
def change_alerts(context: Context, fields: FormFields) -> Response:
    """Save or delete an alert of the reader; 403 if the archive knows no readers."""
    reader, alerts = _list_alerts(context)
    own = {each.key: each for each in alerts if each.reader}
    if not reader or len(own) >= MAX_ALERTS > len(fields.get("delete", "")):
        raise HTTPException(403, "Alerts are for readers who have signed in, and each may have a hundred")
    try:
        alert = own.get(fields.get("delete", "")) or _build_alert(fields, reader)
    except ValueError as problem:
        raise HTTPException(400, f"The alert was not saved: it {problem}") from None
    with closing(open_store(context.archive.folder)) as store, store:
        if alert.key == fields.get("delete"):
            store.run("delete-alert", key=alert.key)
        else:
            store.save_alert(alert)
    return RedirectResponse("/alerts", 303)


@router.get("/alerts/{key}.atom")
@router.get("/alerts/{key}.json")
def alert_feed(context: Context, key: str) -> Response:
    """Return what matches an alert, the newest first, as an Atom feed or a JSON Feed."""
    alert = next((each for each in _list_alerts(context)[1] if each.key == key), None)
    if alert is None:
        raise HTTPException(404, "This archive has no such alert")
    most = MAX_WORDED if alert.is_of_changes else search.FEED_SIZE
    found = context.index.ask(search_articles, alert.query, filter_texts(alert), limit=most).hits
    entries = [search.feed_entry(hit) for hit in found]
    if alert.is_of_changes:
        seen = context.index.ask(
            list_changes, filter_changes(alert), limit=search.FEED_SIZE if not alert.query else most
        )
        worded = {hit.article_id for hit in found}
        entries = [changes.feed_entry(each) for each in seen if not alert.query or each.article in worded]
    return search.render_feed(context, alert.name, "/alerts", entries[: search.FEED_SIZE])
