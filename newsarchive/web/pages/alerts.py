"""/alerts: saved searches and filters of changes that report what is new, of the file and readers' own; their feeds."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from newsarchive.alerts.matching import filter_changes, filter_texts, open_store
from newsarchive.config.schema import ALERT_SETTINGS, AlertConfig
from newsarchive.config.toml_file import to_toml
from newsarchive.web.context import Context, FormFields, RequestContext, refuse_unknown
from newsarchive.web.feeds import render_feed
from newsarchive.web.pages import changes, search
from storage.index.queries.observations import list_changes
from storage.index.search.results import search_articles
from storage.index.views.articles import Filters

router = APIRouter()

MAX_ALERTS, MAX_CHANGES = 100, 2_000
"""Alerts of one reader; changes of which a feed has those with the words of an alert."""


def _list_alerts(context: RequestContext) -> tuple[str, list[AlertConfig]]:
    """Return who reads ("": nobody known), and that reader's alerts after those of the file, unless all may read."""
    reader: str = getattr(context.request.state, "reader", "")
    shown = [] if context.options.public else list(context.archive.config.alerts)
    if reader:
        with closing(open_store(context.archive.folder)) as store:
            kept = store.list_alerts(context.archive.config, stopped=True)
        shown += [each for each in kept if each.reader == reader]
    return reader, shown


def _build_alert(given: Mapping[str, str], reader: str = "") -> AlertConfig:
    """Return an alert from the fields of a form, lists as lines; 400 says what is wrong."""
    values: dict[str, Any] = {"name": "alert"}
    for setting in ALERT_SETTINGS:
        if text := given.get(setting.name, "").strip():
            kinds = {"list": text.splitlines(), "true": True, "whole": int(text) if text.isdecimal() else 0}
            try:
                values[setting.name] = setting.value_type.parse(kinds.get(setting.value_type.name.split()[0], text))
            except ValueError as problem:
                raise HTTPException(400, f"The alert was not saved: {setting.name} {problem}") from None
    return AlertConfig(**values, reader=reader)


@router.get("/alerts")
def show_alerts(context: Context) -> Response:
    """Return the list of alerts, and with filters in the query the form of a new one, and its lines for the file."""
    given = {name: text[:1000] for name, text in context.request.query_params.items()}
    reader, alerts = _list_alerts(context)
    alert = _build_alert(given)
    values = {each.name: getattr(alert, each.name) for each in ALERT_SETTINGS}
    lines = [f"{name} = {to_toml(value)}" for name, value in values.items() if value]
    return context.render("alerts.html", reader=reader, alerts=alerts, given=given, alert=alert, lines=lines)


@router.post("/alerts")
def change_alerts(context: Context, fields: FormFields) -> Response:
    """Save or delete an alert of the reader; 403 if the archive knows no readers."""
    refuse_unknown(fields, ["delete", *(each.name for each in ALERT_SETTINGS)], "field")
    reader, alerts = _list_alerts(context)
    own, deleted = {each.key for each in alerts if each.reader}, fields.get("delete")
    if not reader or (len(own) >= MAX_ALERTS and not deleted):
        raise HTTPException(403, "Alerts are for readers who have signed in, and each may have a hundred")
    with closing(open_store(context.archive.folder)) as store, store:
        if deleted in own:
            store.run("delete-alert", key=deleted)
        elif not deleted:
            alert = _build_alert(fields, reader)
            if not alert.has_criteria:
                raise HTTPException(400, "The alert was not saved: it must be of words, of a filter, or of changes")
            store.run("save-alert", key=alert.key, reader=reader, definition=json.dumps(asdict(alert)))
    return RedirectResponse("/alerts", 303)


@router.get("/alerts/{key}.atom")
@router.get("/alerts/{key}.json")
def alert_feed(context: Context, key: str) -> Response:
    """Return what matches an alert, the newest first, as an Atom feed or a JSON Feed."""
    alert = next((each for each in _list_alerts(context)[1] if each.key == key), None)
    if alert is None:
        raise HTTPException(404, "This archive has no such alert")
    ask = context.index.ask
    if alert.is_of_changes:
        seen = ask(list_changes, filter_changes(alert), limit=MAX_CHANGES if alert.query else search.FEED_SIZE)
        changed = Filters(articles=tuple({each.article for each in seen}))
        worded = {hit.article_id for hit in ask(search_articles, alert.query, changed, limit=MAX_CHANGES).hits}
        entries = [changes.feed_entry(each) for each in seen if each.article in worded]
    else:
        found = ask(search_articles, alert.query, filter_texts(alert), limit=search.FEED_SIZE)
        entries = [search.feed_entry(hit) for hit in found.hits]
    return render_feed(context, alert.name, "/alerts", entries[: search.FEED_SIZE])
