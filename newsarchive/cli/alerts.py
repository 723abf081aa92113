"""newsarchive alerts."""

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from typer import Argument, Exit, Option

from newsarchive.alerts.delivery import make_secret, send, send_hits
from newsarchive.alerts.matching import AlertStore, find_hits, open_store
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, print_lines, print_result, short_time, stdout
from newsarchive.config.schema import AlertConfig
from newsarchive.config.units import parse_time
from storage.errors import NotFound

SAMPLE = {"headline": "This is a sample", "site": "news.example", "url": "https://news.example/", "version": 1}


def alerts(
    action: Annotated[
        Literal["list", "send", "test", "delete"], Argument(help="list, send, test NAME, or delete NAME.")
    ] = "list",
    name: Annotated[str, Argument(metavar="[NAME]", help="The alert, as listed: NAME, or NAME of READER.")] = "",
    *,
    again: Annotated[bool, Option("--again", help="Also send what has failed.")] = False,
    clock: Annotated[str | None, Option("--clock", metavar="TIME", help="For tests: send as if at this time.")] = None,
    archive: Folder = HERE,
) -> None:
    """List, send and test alerts, or delete a reader's alert."""
    with Archive.open(archive) as opened, closing(open_store(archive)) as store:
        known, running = store.list_alerts(opened.config, stopped=True), store.list_alerts(opened.config)
        is_test, labels = action == "test", {_label(alert): alert for alert in known if alert.reader}
        chosen = [alert for alert in known if alert.name == name] if is_test else [*filter(None, [labels.get(name)])]
        if action in ("test", "delete") and not chosen:
            what = "alert" if is_test else "alert of a reader, NAME of READER,"
            raise NotFound(f"no {what} is named {name!r}; nothing was done. To see all: newsarchive alerts")
        if is_test:
            samples = [_send_sample(opened, store, alert, target) for alert in chosen for target in alert.targets]
            print_result(samples, lambda: print_lines(stdout(), map("{target}: {text}".format_map, samples)))
            raise Exit(int(not all(sample["accepted"] for sample in samples)))
        if action == "delete":
            with store:
                store.run("delete-alert", key=chosen[0].key)
            known.remove(chosen[0])
        if action == "send":
            now = parse_time(clock, "--clock") or opened.now()
            with store:
                store.run("retry-failed" if again else "active-alerts")
            find_hits(opened, store, now)
            send_hits(opened, store, now)
        states = [
            {"alert": each, "stopped": each not in running, **dict(store.run("count-alert", alert=each.key)[0])}
            for each in known
        ]
    none = "There are no alerts. To add one, write an [[alert]] into newsarchive.toml: newsarchive help alerts"
    print_result(states, lambda: _print(states) if states else print_line(stdout(), none))
    raise Exit(int(action == "send" and any(state["error"] for state in states)))


def _print(states: Sequence[Mapping[str, Any]]) -> None:
    for state in states:
        last = f"{short_time(datetime.fromtimestamp(state['last_hit'], UTC))} UTC" if state["last_hit"] else "-"
        counts = ", ".join(f"{state[name]} {name}" for name in ("waiting", "sent", "failed"))
        reason, alert = (f" ({state['error']})" if state["error"] else ""), state["alert"]
        stopped = f"stopped, as {alert.reader} is no reader of this archive; " if state["stopped"] else ""
        print_line(stdout(), f"{_label(alert)}: {stopped}last hit {last}, {counts}{reason}")


def _label(alert: AlertConfig) -> str:
    return f"{alert.name} of {alert.reader}" if alert.reader else alert.name


def _send_sample(archive: Archive, store: AlertStore, alert: AlertConfig, target: str) -> dict[str, Any]:
    """Send a sample to a target; return how that went, with the secret of a webhook."""
    line = {**SAMPLE, "seen": archive.now().isoformat(), "archived": archive.config.serve.public_url or None}
    problem = send(archive, store, alert, target, secrets.token_hex(16), [line])
    secret = None if target.startswith("mailto:") else f"whsec_{b64encode(make_secret(store, target)).decode()}"
    text = f"{problem or 'accepted'}{f'; signed with {secret}' if secret else ''}"
    return {"target": target, "accepted": not problem, "secret": secret, "text": text}
