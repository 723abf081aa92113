"""Sends the hits of alerts by mail, and by webhook as Standard Webhooks has it, while the process does something else.

    deliveries that are due --> claimed --> hits that are not withheld --> sent --> done, or again after a longer pause

A delivery whose process dies after it was claimed is sent again, under the same id.
"""

import hmac
import json
import logging
import os
import smtplib
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined

from newsarchive.access.access_rules import AccessRules
from newsarchive.alerts.matching import FILE, AlertStore, find_hits, open_store
from newsarchive.archive import Archive
from newsarchive.config.schema import AlertConfig, Config
from newsarchive.config.toml_file import read_config
from newsarchive.export.articles import CHANGE_COLUMNS, view_to_json
from newsarchive.urls.ssrf import AddressGuard, url_refusal_reason
from newsarchive.urls.wb_url import format_timestamp, quote_url
from storage.index.queries import articles, export, observations
from storage.index.reader import Reader
from storage.index.views.history import ChangeFilters

PAUSES = tuple(60.0 * minutes for minutes in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
"""Seconds after each failed attempt; after the last one, three days later, the delivery has failed."""
TIMEOUT, CLAIM, WITHHELD_PAUSE, KEPT = 10.0, 300.0, 3600.0, 400 * 86_400.0
"""Seconds for a server to answer, of a claim, until withheld hits are tried again, and that hits are kept."""
POLL_SECONDS, LONGEST_PASS = 30.0, 20.0
_LOG = logging.getLogger(__name__)
_ENVIRONMENT = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - plain text
_MAIL = _ENVIRONMENT.from_string(files("newsarchive.alerts").joinpath("mail.txt").read_text("utf-8"))


@contextmanager
def follow_alerts(archive: Archive, now: Callable[[], datetime]) -> Iterator[None]:
    """Find and send hits in a thread, and at the end what is new then; no failure of it reaches the caller.

    What is there at the beginning is not reported by an alert that is new.
    """
    ending = threading.Event()

    def follow() -> None:
        while not ending.is_set():
            update_alerts(archive, now(), changes=False)
            ending.wait(POLL_SECONDS)
        update_alerts(archive, now())

    if not archive.config.alerts and not (archive.folder / FILE).exists():
        yield
        return
    update_alerts(archive, now(), begins=True)
    thread = threading.Thread(target=follow, name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(LONGEST_PASS + TIMEOUT)


def update_alerts(archive: Archive, now: datetime, *, changes: bool = True, begins: bool = False) -> None:
    """Find hits and send what is due; errors are logged, as the next process does what is left.

    If it `begins`, the caller waits: only what new alerts are not to report is noted, and nothing is sent.
    """
    try:
        with closing(open_store(archive.folder)) as store:
            alerts, active = store.list_alerts(read_config(archive.folder)), store.run("active-alerts")
            if not begins or {alert.key for alert in alerts} - {row["key"] for row in active}:
                find_hits(archive, store, now, changes=changes)
            if not begins:
                send_hits(archive, store, now)
    except Exception as error:  # noqa: BLE001 - a crawl is worth more than its alerts
        _LOG.warning("alerts are not up to date, and the next process continues: %s", error)


def send_hits(archive: Archive, store: AlertStore, now: datetime) -> None:
    """Send what is due; a target that fails is left alone until the next pass."""
    config = read_config(archive.folder)
    at, begun, failing = now.timestamp(), time.monotonic(), set[str]()
    alerts = {alert.key: alert for alert in store.list_alerts(config)}
    hidden = AccessRules.from_config(config, lenient=True).hiding_unknown(archive).exclusions(now)
    index, lasting = (archive.index.excluding(each) for each in (hidden, replace(hidden, embargoes=())))
    with store:
        store.run("delete-old-tellings", before=at - KEPT)
    for made, key, target, attempts in store.run("due-deliveries", now=at, latest=at + PAUSES[-1]):
        if key not in alerts or target in failing or time.monotonic() - begun > LONGEST_PASS:
            continue
        lines = []
        with store:
            for row in store.run("claim", delivery=made, attempts=attempts, next=at + CLAIM):
                if line := load_line(index, row, config.serve.public_url):
                    lines.append(line)
                elif load_line(lasting, row, config.serve.public_url):
                    store.run("postpone", id=row["id"], next=at + WITHHELD_PAUSE)
                else:  # Only an embargo ends; what is hidden or gone is not sent later either.
                    store.run("delete-telling", id=row["id"])
        if lines:
            problem = send(archive, store, alerts[key], target, made, lines)
            failing |= {target} if problem else set()
            pause = PAUSES[min(attempts, len(PAUSES) - 1)]
            with store:
                store.run("end-attempt", delivery=made, error=problem, next=at + pause, most=len(PAUSES))


def load_line(index: Reader, hit: Any, public_url: str) -> dict[str, Any] | None:
    """Return what is sent of a hit; None if it is withheld or gone."""
    if hit["event"]:
        filters = ChangeFilters(records=(hit["record"],), event=hit["event"])
        found = [view_to_json(view, CHANGE_COLUMNS) for view in index.ask(observations.list_changes, filters, limit=1)]
    else:
        capture = index.ask(articles.get_capture_of_record, hit["record"])
        named = [capture.version_id] if capture and capture.version_id else []
        found = [each.to_dict() for each in index.stream(export.load_articles, named, with_text=False)]
    for line in found:
        seen = line.get("seen") or line["capture"]["fetched_at"]
        path = f"/web/{format_timestamp(datetime.fromisoformat(seen))}/{quote_url(line['url'])}"
        said = {name: value for name, value in line.items() if value not in (None, "", [])}
        return {"headline": line["url"], **said, "seen": seen, "archived": (public_url and public_url + path) or None}
    return None


def send(archive: Archive, store: AlertStore, alert: AlertConfig, target: str, made: str, lines: list[Any]) -> str:
    """Send hits of an alert to a target; return why that failed, or ""."""
    config, now = read_config(archive.folder), archive.now()
    try:
        if target.startswith("mailto:"):
            _send_mail(config, alert, target.removeprefix("mailto:"), made, lines, now)
            return ""
        event = {"type": "alert.hits", "timestamp": now.isoformat(), "alert": alert.name, "data": lines}
        body, at = json.dumps(event).encode(), int(now.timestamp())
        signature = b64encode(hmac.digest(make_secret(store, target), f"msg_{made}.{at}.".encode() + body, "sha256"))
        # As Standard Webhooks has it.
        headers = {"webhook-id": f"msg_{made}", "webhook-timestamp": str(at)}
        headers["webhook-signature"] = f"v1,{signature.decode()}"
        # A host that the file names may be one of the owner's own network.
        owned = [urlsplit(each.webhook).hostname or "" for each in config.alerts if each.webhook]
        status = post(target, body, headers, AddressGuard(() if alert.reader else owned))
    except (OSError, smtplib.SMTPException, HTTPException, ValueError) as problem:
        return " ".join(str(problem)[:300].split()) or type(problem).__name__
    return "" if 200 <= status < 300 else f"it answers HTTP {status}"


def _send_mail(config: Config, alert: AlertConfig, to: str, made: str, lines: list[Any], now: datetime) -> None:
    mail, secure = EmailMessage(), ssl.create_default_context()
    if not config.mail_server or not config.mail_from:
        raise ValueError("newsarchive.toml has no mail_server or no mail_from")
    more = f" (+{len(lines) - 1})" if len(lines) > 1 else ""
    # A headline may have line breaks, which would begin a header.
    subject = "".join(each if each.isprintable() else " " for each in f"{alert.name}: {lines[0]['headline']}")
    mail["Subject"] = " ".join(subject.split())[:150] + more
    mail["From"], mail["To"], mail["Date"] = config.mail_from, to, format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = f"<{made}@{config.mail_from.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_MAIL.render(alert=alert, lines=lines, name=config.folder.name))
    kind = partial(smtplib.SMTP_SSL, context=secure) if config.mail_tls == "tls" else smtplib.SMTP
    with kind(config.mail_server, config.mail_port, timeout=TIMEOUT) as session:
        if config.mail_tls == "starttls":
            session.starttls(context=secure)
        if config.mail_user:
            session.login(config.mail_user, os.environ.get("NEWSARCHIVE_MAIL_PASSWORD", ""))
        session.send_message(mail)


def make_secret(store: AlertStore, target: str) -> bytes:
    """Return the key that signs what is sent to a webhook."""
    return hmac.digest(bytes.fromhex(store.run("get-secret")[0]["value"]), target.encode(), "sha256")


def post(url: str, body: bytes, headers: dict[str, str], guard: AddressGuard) -> int:
    """Post JSON, and return the status. ValueError if the URL or an address of its host is not to be connected to."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    addresses = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    reasons = (url_refusal_reason(url), *(guard.refusal_reason(host, each) for each in addresses))
    if reason := next(filter(None, reasons), None):
        raise ValueError(reason)
    # The address that was judged; a redirect is not followed.
    with socket.create_connection((addresses[0], port), TIMEOUT) as plain, closing(HTTPConnection(host, port)) as http:
        is_tls = parts.scheme == "https"
        http.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_tls else plain
        # A server that answers byte by byte would never exceed the timeout of a read.
        limit = threading.Timer(3 * TIMEOUT, http.sock.shutdown, [socket.SHUT_RDWR])
        limit.start()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "newsarchive"}
        try:
            http.request("POST", path, body, headers)
            return http.getresponse().status
        finally:
            limit.cancel()
