"""newsarchive alerts."""

import secrets
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from newsarchive.alerts.delivery import make_secret, send, send_hits
from newsarchive.alerts.matching import find_hits, open_store
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Clock, Folder, Json, parse_time
from newsarchive.cli.output import print_line, short_time, stdout, to_json
from storage.errors import NotFound

SAMPLE = {"headline": "This is a sample", "site": "news.example", "url": "https://news.example/", "version": 1}


def alerts(
    action: Annotated[Literal["list", "send", "test"], typer.Argument(help="list, send, or test NAME.")] = "list",
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The alert that test sends a sample of.")] = "",
    *,
    again: Annotated[bool, typer.Option("--again", help="Send what has failed, too.")] = False,
    clock: Clock = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """List alerts, send what is due, or test one."""
    with Archive.open(archive) as opened, closing(open_store(archive)) as store:
        known, problems = store.list_alerts(opened.config), list[str]()
        if action == "send":
            now = parse_time(clock, "--clock") or opened.now()
            with store:
                store.run("retry-failed" if again else "active-alerts")
            find_hits(opened, store, now)
            send_hits(opened, store, now)
        elif action == "test" and name not in [alert.name for alert in known]:
            raise NotFound(f"no alert is named {name!r}; nothing was sent. To see all: newsarchive alerts")
        for alert in known if action == "test" else ():
            for target in alert.targets if alert.name == name else ():
                line = {**SAMPLE, "seen": opened.now().isoformat(), "archived": opened.config.serve.public_url}
                problem = send(opened, store, alert, target, secrets.token_hex(16), [line])
                problems += [problem] if problem else []
                key = b64encode(make_secret(store, target)).decode()
                signed = "" if target.startswith("mailto:") else f"; signed with whsec_{key}"
                print_line(stdout(), f"{target}: {problem or 'accepted'}{signed}")
        states = [{"alert": each, **dict(store.run("count-alert", alert=each.key)[0])} for each in known]
    if json:
        print(to_json(states))
    for state in states if action != "test" and not json else ():
        last = state["last_hit"] and datetime.fromtimestamp(state["last_hit"], UTC)
        counts = ", ".join(f"{state[name]} {name}" for name in ("waiting", "sent", "failed"))
        reason, owner = (f" ({state['error']})" if state["error"] else ""), state["alert"].reader
        name = f"{state['alert'].name} of {owner}" if owner else state["alert"].name
        print_line(stdout(), f"{name}: last hit {short_time(last)}, {counts}{reason}")
    raise typer.Exit(int(bool(problems) or (action == "send" and any(state["error"] for state in states))))
