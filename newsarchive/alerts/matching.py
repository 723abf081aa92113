"""Finds the hits of alerts: each new text and each classified change is compared with all alerts, once.

    changed articles --> texts that were not seen --> alerts that were there before --> hits, as parts of deliveries

The state is in alerts.sqlite3 in the archive's folder, which a rebuild and a move of the index leave alone.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsarchive.archive import Archive
from newsarchive.config.schema import AlertConfig, Config
from newsarchive.config.toml_file import read_config
from storage.errors import StorageError
from storage.index.engine.statements import AnyRow, batches, load_statements
from storage.index.queries.observations import list_changes
from storage.index.search import percolate
from storage.index.views.articles import Filters
from storage.index.views.history import ChangeFilters
from storage.places.folder import open_private

FILE = "alerts.sqlite3"
_STATEMENTS = load_statements("newsarchive.alerts", "store.sql")
_AT_ONCE = 1_000


class AlertStore(sqlite3.Connection):
    """The state of alerts, for one thread. `with store:` is a transaction, for which others wait."""

    def run(self, statement: str, **values: object) -> list[Any]:
        """Run a statement of store.sql, and return its rows."""
        return self.execute(_STATEMENTS[statement], values).fetchall()

    def list_alerts(self, config: Config, *, stopped: bool = False) -> list[AlertConfig]:
        """Return the alerts of newsarchive.toml and of its readers, with `stopped` also those of former readers."""
        kept = (json.loads(row["definition"]) for row in self.run("reader-alerts"))
        kept = (each for each in kept if stopped or each["reader"] in {*config.serve.users, *config.serve.tokens})
        lists = ({name: tuple(v) if isinstance(v, list) else v for name, v in each.items()} for each in kept)
        return [*config.alerts, *(AlertConfig(**each) for each in lists)]  # type: ignore[arg-type]  # as it was saved

    def note_seen(self, *names: str) -> bool:
        """Note names of a text or change; return True if none was noted before."""
        keys = [sha256(name.encode("utf-8", "replace")).digest()[:12] for name in names]
        return sum(len(self.run("add-seen", key=key)) for key in keys) == len(names)

    def add_hits(self, alert: AlertConfig, hits: Sequence[tuple[str, str]], now: datetime) -> None:
        """Add hits, as records and events. Those of one batch, hour or day are one delivery to each target."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        ends = {"hourly": hour + timedelta(hours=1), "daily": hour.replace(hour=0) + timedelta(days=1)}
        end = ends.get(alert.every)
        self.run("note-hit", alert=alert.key, found=now.timestamp())
        for target in alert.targets:
            made = sha256(f"{alert.key}\n{target}\n{end or hits}".encode()).hexdigest()[:32]
            to = {"delivery": made, "alert": alert.key, "target": target, "found": now.timestamp()}
            to["next"] = (end or now).timestamp()
            self.executemany(_STATEMENTS["add-telling"], [{"record": each[0], "event": each[1], **to} for each in hits])


def open_store(folder: Path) -> AlertStore:
    """Open the state of alerts in an archive's folder."""
    with suppress(OSError):
        # SQLite would create it for everybody. "x", as closing an existing file drops this process's locks of it.
        open(folder / FILE, "xb", opener=open_private).close()
    store = sqlite3.connect(folder / FILE, timeout=60, isolation_level="IMMEDIATE", factory=AlertStore)
    store.row_factory = sqlite3.Row
    try:
        if store.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            store.executescript(_STATEMENTS["schema"])
    except sqlite3.DatabaseError as problem:
        store.close()
        raise StorageError(f"{folder / FILE} cannot be read ({problem}); move it away: alerts begin anew") from problem
    return store


def list_failures(folder: Path) -> list[tuple[int, str]]:
    """Return the number of deliveries that failed at least once, with the last reason; nothing if none did."""
    if not (folder / FILE).exists():
        return []
    try:
        with closing(open_store(folder)) as store:
            return [tuple(row) for row in store.run("count-failures")]
    except StorageError as problem:  # the health of the rest is still to be told
        return [(1, str(problem))]


def find_hits(archive: Archive, store: AlertStore, now: datetime, *, changes: bool = True) -> None:
    """Note the hits of all alerts in what is new in the archive; an alert that is new gets hits from now on."""
    alerts, read = store.list_alerts(read_config(archive.folder)), archive.index.read
    active = {row["key"] for row in store.run("active-alerts")}
    if not alerts and not active:
        return
    of_texts = [alert for alert in alerts if alert.key in active and not alert.is_of_changes]
    searches = [(alert.query, filter_texts(alert)) for alert in of_texts]
    index, mark, articles = read(percolate.find_changed_articles, *store.run("get-mark")[0])
    for some in batches(articles, _AT_ONCE):
        texts = read(percolate.list_texts, some)
        with store:
            new = [each for each in texts if store.note_seen(each.record_id, f"{each.url} sha256:{each.digest.hex()}")]
            # One that differs in boilerplate only, or is another reading of the same bytes, is no new text.
            read_before = {(each.article_id, each.number) for each in set(texts).difference(new)}
            new = [each for each in new if not each.is_variant and (each.article_id, each.number) not in read_before]
            records = {each.id: each.record_id for each in new}
            for alert, ids in zip(of_texts, read(percolate.match_searches, searches, new), strict=True):
                if ids:
                    store.add_hits(alert, [(records[each], "") for each in sorted(ids)], now)
    of_changes = [alert for alert in alerts if alert.is_of_changes]
    compared = [alert for alert in of_changes if alert.key in active]
    # A new alert of changes is not to report those that are there.
    if of_changes and (changes or len(compared) < len(of_changes)):
        since, _, of = store.run("get-changes-mark")[0][0].partition(" ")
        changed, until = read(percolate.find_classified_changes, int(since) if of == index else 0)
        for some in batches(changed, _AT_ONCE // 10):
            classified = read(percolate.list_classified_changes, some)
            for numbers in batches(range(len(classified)), _AT_ONCE):
                with store:
                    known = (classified[number] for number in numbers)
                    fresh = [each for each in known if store.note_seen(f"{each.record_id} {each.url}")]
                    _match_changes(archive, store, compared, fresh, now)
        with store:
            store.run("set-changes-mark", mark=f"{until} {index}")
    with store:
        store.run("set-mark", index=index, mark=mark)
        store.run("activate-alerts", keys=json.dumps([alert.key for alert in alerts]))
        # As they are now: a reader may have saved one, and another process have found its hits.
        targets = {alert.key: alert.targets for alert in store.list_alerts(read_config(archive.folder))}
        store.run("delete-other-tellings", targets=json.dumps(targets))
        store.run("delete-other-alerts", targets=json.dumps(targets))
        store.run("stop-other-alerts", targets=json.dumps(targets))


def filter_texts(alert: AlertConfig) -> Filters:
    """Return the filters of an alert, as those of searches."""
    named: dict[str, Any] = {name: getattr(alert, name) or None for name in ("site", "section", "language", "tag")}
    return Filters(**named, byline=alert.author or None)


def filter_changes(alert: AlertConfig) -> ChangeFilters:
    """Return the filters of an alert, as those of changes."""
    names = ("site", "section", "author", "event", "kind", "notice", "size")
    return ChangeFilters(**{name: getattr(alert, name) or None for name in names})


def _match_changes(
    archive: Archive, store: AlertStore, alerts: Sequence[AlertConfig], changes: Sequence[AnyRow], now: datetime
) -> None:
    """Note the hits in changes: they pass the filters, and the text before or after them has the words."""
    read, records = archive.index.read, {each.capture_id: each.record_id for each in changes}
    texts = read(percolate.list_texts, {each.article_id for each in changes})
    searches = [(alert.query, Filters()) for alert in alerts]
    for alert, ids in zip(alerts, read(percolate.match_searches, searches, texts), strict=True):
        worded = {(text.article_id, text.number) for text in texts if text.id in ids}
        filters = replace(filter_changes(alert), records=tuple(records.values()))
        views = archive.index.ask(list_changes, filters, limit=_AT_ONCE * 10) if worded else ()
        shown = [view for view in views if worded & {(view.article, n) for n in (view.version, view.version_before)}]
        if shown:
            store.add_hits(alert, [(records[view.capture], view.event) for view in shown], now)
