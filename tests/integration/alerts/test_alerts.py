"""Alerts: each hit is found once and sent at least once, under one id, whatever ends the process."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.alerts import matching
from newsarchive.alerts.delivery import PAUSES, follow_alerts, make_secret, send, update_alerts
from newsarchive.alerts.matching import open_store
from newsarchive.archive import Archive
from newsarchive.config.schema import AlertConfig
from newsarchive.maintenance.rebuild import transfer_archive_index
from newsarchive.operations.health import check_health
from storage.errors import StorageError
from storage.index.queries.status import get_status
from storage.index.search import percolate
from storage.index.search.percolate import find_changed_articles
from tests.forked_process import run_script
from tests.in_process import run_in_process
from tests.rebuilding import rebuild

PAGE = (
    '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": {quoted}}}</script><h1>{headline}</h1>'
    "<article><p>{text} It was the first such day in a long while, as all in town agree, and many came to see it.</p>"
    "<p>The mayor said that the town had waited for it, and thanked all who had worked on it for years.</p></article>"
)
HARBOUR = '[[alert]]\nname = "harbour"\nquery = "harbour"\nmail = ["desk@paper.example"]'
ADA = '[serve.users]\nada = "scrypt:1:8:1:c2FsdA==:eA=="'
DeskOf = Callable[..., Any]


def hooked(hook: Any, more: str = "") -> str:
    """An alert with a webhook."""
    return f'[[alert]]\nname = "hooked"\nquery = "harbour"\nwebhook = "http://127.0.0.1:{hook.port}/in?x=1"\n{more}'


def test_a_new_article_is_mailed_once_and_older_ones_never(desk_of: DeskOf, smtp: Any, index_line: str) -> None:
    """Nothing that the archive had before an alert is reported, and nothing that does not match."""
    desk = desk_of(HARBOUR, smtp=smtp, index=index_line)
    desk.add("Old harbour")
    desk.run()
    desk.add("New harbour", "Second harbour")
    desk.add("Weather", text="Rain fell on the hills.")
    desk.run()
    desk.run()
    (mail,) = smtp.got
    read = email.message_from_string(mail["text"], policy=email.policy.default)
    assert (mail["to"], read["from"], read["to"]) == (
        "desk@paper.example",
        "archive@paper.example",
        "desk@paper.example",
    )
    assert read["subject"] in {"harbour: New harbour (+1)", "harbour: Second harbour (+1)"}
    body = read.get_content()
    assert "New harbour" in body
    assert "Second harbour" in body
    assert "https://news.example/2026/03/story-" in body
    assert "Old" not in body
    assert "Weather" not in body


def test_a_webhook_is_signed_as_standard_webhooks_has_it(desk_of: DeskOf, hook: Any) -> None:
    """HMAC-SHA256 over id, time and body, by a secret that the test command prints."""
    desk = desk_of(hooked(hook))
    desk.run()
    desk.add("New harbour")
    desk.run()
    (got,) = hook.got
    headers = {name.lower(): value for name, value in got["headers"].items()}
    with closing(open_store(desk.folder)) as store:
        key = make_secret(store, f"http://127.0.0.1:{hook.port}/in?x=1")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got["body"]
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(desk.now.timestamp()))
    assert got["path"] == "/in?x=1"
    body = json.loads(got["body"])
    assert (body["type"], body["alert"]) == ("alert.hits", "hooked")
    (line,) = body["data"]
    assert (line["headline"], line["site"], line["version"]) == ("New harbour", "news.example", 1)
    assert line["archived"] is None  # a path alone leads nowhere


def test_a_hit_has_its_address_in_the_archive(desk_of: DeskOf, hook: Any, smtp: Any) -> None:
    """The address is absolute if the settings name that of the archive."""
    public = '\n[serve]\npublic_url = "https://archive.paper.example/a/"\n'
    desk = desk_of(HARBOUR + "\n" + hooked(hook) + public, smtp=smtp)
    desk.run()
    desk.add("New harbour")
    desk.run()
    (line,) = json.loads(hook.got[0]["body"])["data"]
    assert line["archived"].startswith("https://archive.paper.example/a/web/20260309")
    assert "https://archive.paper.example/a/web/2026" in smtp.got[0]["text"]


@pytest.mark.slow
def test_each_later_text_is_a_hit_and_a_rebuild_repeats_none(desk_of: DeskOf, hook: Any, index_line: str) -> None:
    """The state is outside the index, by records and digests."""
    desk = desk_of(hooked(hook), index=index_line)
    desk.run()
    url = "https://news.example/2026/03/long.html"
    desk.add("New harbour", url=url, day=7)
    desk.run()
    desk.add("New harbour", url=url, day=8, text="The harbour was closed again, for the storm broke its wall.")
    desk.run()
    assert [json.loads(each["body"])["data"][0]["version"] for each in hook.got] == [1, 2]
    rebuild(desk.archive)
    desk.run()
    desk.wait(days=-3000)
    desk.run()
    desk.wait(days=6000)
    desk.run()
    assert len(hook.got) == 2
    desk.add("Third harbour")
    desk.run()
    assert len(set(hook.ids)) == 3


def test_an_article_that_came_before_a_rebuild_and_was_not_compared_is_found_after_it(
    desk_of: DeskOf, hook: Any
) -> None:
    """As after a kill: the marks are of no use then, the digests are."""
    desk = desk_of(hooked(hook))
    desk.run()
    desk.add("New harbour")
    rebuild(desk.archive)
    desk.run()
    assert len(hook.got) == 1


@pytest.mark.slow
def test_a_move_of_the_index_repeats_nothing(desk_of: DeskOf, hook: Any, empty_postgres_url: str) -> None:
    """To the other database."""
    desk = desk_of(hooked(hook))
    desk.run()
    desk.add("New harbour")
    desk.run()
    transfer_archive_index(desk.archive.config, empty_postgres_url, switch=True)
    desk.reopen()
    assert desk.archive.index.is_shared
    desk.run()
    desk.add("Next harbour")
    desk.run()
    assert [json.loads(each["body"])["data"][0]["headline"] for each in hook.got] == ["New harbour", "Next harbour"]


@pytest.mark.parametrize(("every", "before", "after"), [("hourly", 29, 30), ("daily", 14 * 60 + 29, 14 * 60 + 30)])
def test_hits_wait_for_the_end_of_the_hour_or_day(
    desk_of: DeskOf, hook: Any, every: str, before: int, after: int
) -> None:
    """From 9:30: all of them are one delivery."""
    desk = desk_of(hooked(hook, f'every = "{every}"'))
    desk.run()
    desk.add("New harbour")
    desk.run()
    desk.add("Next harbour")
    desk.run()
    start = desk.now
    desk.now = start + timedelta(minutes=before)
    desk.run()
    assert hook.got == []
    desk.now = start + timedelta(minutes=after)
    desk.run()
    desk.run()
    (got,) = hook.got
    assert len(json.loads(got["body"])["data"]) == 2


@pytest.mark.parametrize("kind", ["mail", "webhook"])
def test_a_refused_delivery_is_retried_under_its_id_and_given_up_after_three_days(
    desk_of: DeskOf, smtp: Any, hook: Any, kind: str
) -> None:
    """With growing pauses; then status says so, and names the next command, which sends it."""
    desk = desk_of(HARBOUR if kind == "mail" else hooked(hook), smtp=smtp)
    sink = smtp if kind == "mail" else hook
    sink.answer = "451 later" if kind == "mail" else "503"
    desk.run()
    desk.add("New harbour")
    ids = set()
    for pause in PAUSES:
        desk.run()
        (row,) = desk.tellings()
        ids.add(row["delivery"])
        assert (row["state"], row["next"] - desk.now.timestamp()) == ("open", pause)
        desk.wait(seconds=pause - 1)
        desk.run()
        assert desk.tellings()[0]["attempts"] == row["attempts"]
        desk.wait(seconds=1)
    desk.run()
    (row,) = desk.tellings()
    assert (row["state"], len(ids)) == ("failed", 1)
    assert ("451" if kind == "mail" else "HTTP 503") in row["error"]
    config = desk.archive.config
    findings = check_health(desk.archive.index, config, desk.now).findings
    (line,) = [str(each) for each in findings if each.code == "alerts"]
    assert row["error"] in line
    assert "newsarchive alerts send --again" in line
    sink.answer = ""
    done = run_command(desk, "send", "--again", "--clock", desk.now.isoformat())
    assert "1 sent, 0 failed" in done.stdout
    assert len(sink.got) == 1


def run_command(desk: Any, *words: str, name: str = "alerts") -> subprocess.CompletedProcess[str]:
    """Run a command of newsarchive."""
    return run_in_process(name, *words, "--archive", desk.folder)


def test_a_target_that_fails_holds_up_no_other(desk_of: DeskOf, smtp: Any, hook: Any) -> None:
    """One attempt at it in a pass."""
    desk = desk_of(HARBOUR, hooked(hook), smtp=smtp)
    smtp.answer = "550 no such user"
    desk.run()
    for headline in ("One harbour", "Two harbour"):
        desk.add(headline)
        desk.run(sends=False)
    desk.run()
    assert sorted(row["attempts"] for row in desk.tellings() if row["target"].startswith("mailto")) == [0, 1]
    assert len(hook.got) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mail", "webhook"])
def test_a_killed_process_repeats_under_the_same_id_at_most_what_was_accepted(
    desk_of: DeskOf, smtp: Any, hook: Any, kind: str
) -> None:
    """Killed between the server's acceptance and the commit."""
    desk = desk_of(HARBOUR if kind == "mail" else hooked(hook), smtp=smtp)
    sink = smtp if kind == "mail" else hook
    desk.run()
    desk.add("New harbour")
    script = textwrap.dedent(f"""
        import os, signal
        from newsarchive.alerts import delivery
        sent = delivery.send
        def send_and_die(*given):
            sent(*given)
            os.kill(os.getpid(), signal.SIGKILL)
        delivery.send = send_and_die
        from newsarchive.archive import Archive
        from datetime import datetime
        now = datetime.fromisoformat({desk.now.isoformat()!r})
        with Archive.open(__import__("pathlib").Path({str(desk.folder)!r}), now=lambda: now) as archive:
            delivery.update_alerts(archive, now)
    """)
    assert run_script(script).returncode == -9
    assert len(sink.got) == 1
    desk.run()  # still claimed
    assert len(sink.got) == 1
    desk.wait(minutes=6)
    desk.run()
    desk.wait(minutes=6)
    desk.run()
    assert len(sink.got) == 2
    assert len(set(sink.ids)) == 1


def test_a_process_that_is_killed_while_it_compares_loses_no_hit(desk_of: DeskOf, hook: Any) -> None:
    """The hits and the digests of a batch are one transaction."""
    desk = desk_of(hooked(hook))
    desk.run()
    desk.add("New harbour")
    script = textwrap.dedent(f"""
        import os, signal
        from newsarchive.alerts import matching
        matching.AlertStore.add_hits = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
        from newsarchive.alerts.delivery import update_alerts
        from newsarchive.archive import Archive
        with Archive.open(__import__("pathlib").Path({str(desk.folder)!r})) as archive:
            update_alerts(archive, archive.now())
    """)
    assert run_script(script).returncode == -9
    desk.run()
    assert len(hook.got) == 1


def test_processes_that_compare_at_once_find_each_hit_once(desk_of: DeskOf, index_line: str) -> None:
    """Whichever is first."""
    desk = desk_of(HARBOUR, index=index_line)
    desk.run()
    desk.add(*(f"Harbour {number}" for number in range(20)))
    threads = [threading.Thread(target=desk.run, kwargs={"sends": False}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row["record"] for row in desk.tellings()}) == len(desk.tellings()) == 20


def test_a_slow_server_does_not_hold_the_process_that_crawls(
    desk_of: DeskOf, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets its seconds, then the hit waits."""
    monkeypatch.setattr("newsarchive.alerts.delivery.TIMEOUT", 0.3)
    desk = desk_of(hooked(hook))
    hook.is_slow = True
    with follow_alerts(desk.archive, lambda: desk.now):
        desk.add("New harbour")
    (row,) = desk.tellings()
    assert (row["state"], row["attempts"], row["error"]) == ("open", 1, "timed out")


@pytest.mark.slow
def test_a_server_that_answers_byte_by_byte_is_left(
    desk_of: DeskOf, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time; the answer has a limit of its own, and so has the text of the error."""
    monkeypatch.setattr("newsarchive.alerts.delivery.TIMEOUT", 0.5)
    desk = desk_of(hooked(hook))
    desk.run()
    hook.is_dripping = True
    desk.add("New harbour")
    desk.run()
    (row,) = desk.tellings()
    assert (row["state"], row["attempts"], row["error"][:3]) == ("open", 1, "HHH")
    assert len(row["error"]) <= 300


def test_a_failure_of_alerts_is_none_of_the_crawl(desk_of: DeskOf, hook: Any) -> None:
    """Its state may even be no database."""
    desk = desk_of(hooked(hook))
    (desk.folder / "alerts.sqlite3").write_bytes(b"this is no database, as anybody can see" * 50)
    with follow_alerts(desk.archive, lambda: desk.now):
        desk.add("New harbour")
    assert desk.archive.index.ask(get_status, desk.archive.now()).articles == 1


def test_a_headline_with_line_breaks_begins_no_header(desk_of: DeskOf, smtp: Any) -> None:
    """Nor do other control characters come through."""
    desk = desk_of(HARBOUR, smtp=smtp)
    headline = "Harbour\r\nBcc: all@paper.example\r\n\r\nBuy\u2028now\x85 港口" + "x" * 3000
    line = {"headline": headline, "site": "a", "seen": "b", "url": "c", "archived": "d", "version": 1}
    with closing(open_store(desk.folder)) as store:
        (alert,) = desk.archive.config.alerts
        assert send(desk.archive, store, alert, "mailto:desk@paper.example", "0" * 32, [line]) == ""
    read = email.message_from_string(smtp.got[0]["text"], policy=email.policy.default)
    assert read["bcc"] is None
    assert read["subject"].startswith("harbour: Harbour Bcc: all@paper.example Buy now")
    assert smtp.got[0]["to"] == "desk@paper.example"


SITE = '[[site]]\nname = "news.example"\nurl = "https://news.example/"\n'


@pytest.mark.parametrize("line", ['[serve]\nblocked = ["https://news.example/2026/"]', SITE + "hidden = true"])
def test_what_is_withheld_is_not_sent(desk_of: DeskOf, hook: Any, line: str, index_line: str) -> None:
    """Blocked addresses and hidden sites."""
    desk = desk_of(line, hooked(hook), index=index_line)
    desk.run()
    desk.add("New harbour")
    desk.run()
    assert desk.tellings() == []
    desk.wait(hours=30)
    desk.run()
    assert hook.got == []


@pytest.mark.slow
def test_what_is_under_an_embargo_is_sent_when_it_ends(desk_of: DeskOf, hook: Any) -> None:
    """Each under an id of its own, once."""
    desk = desk_of(SITE + 'embargo = "3d"', hooked(hook))
    desk.run()
    desk.add("New harbour", "Next harbour")
    for _ in range(60):
        desk.run()
        desk.wait(hours=1)
        if desk.now.day < 12:
            assert hook.got == []
    assert len(hook.got) == len(set(hook.ids)) == 2


@pytest.mark.slow
def test_changes_are_reported_by_their_filters_and_words(desk_of: DeskOf, hook: Any, index_line: str) -> None:
    """Silent edits of numbers; those of other articles, or of other kinds, are not."""
    desk = desk_of(hooked(hook, 'notice = ["silent"]\nkind = ["numbers"]\nauthor = "ada berg"'), index=index_line)
    url = "https://news.example/2026/03/long.html"
    desk.add("Old harbour", url=url, day=5, text="The harbour cost 9 million.")
    desk.add("Old harbour", url=url, day=6, text="The harbour cost 10 million.")
    desk.add("Rain", url=f"{url}?rain", day=6, text="The rain cost 9 million.")
    desk.run()
    assert hook.got == []
    desk.add("Old harbour", url=url, day=7, text="The harbour cost 11 million.")
    desk.add("Rain", url=f"{url}?rain", day=7, text="The rain cost 10 million.")
    desk.run()
    rebuild(desk.archive)
    desk.run()
    (got,) = hook.got
    (line,) = json.loads(got["body"])["data"]
    assert (line["event"], line["kinds"], line["version_before"], line["version"]) == ("edited", ["numbers"], 2, 3)


def test_an_alert_of_changes_that_is_new_during_a_crawl_reports_no_older_ones(desk_of: DeskOf, hook: Any) -> None:
    """Though a pass during a crawl leaves changes to its end."""
    desk = desk_of(hooked(hook, "changes = true"))
    url = "https://news.example/2026/03/long.html"
    desk.add("Old harbour", url=url, day=5, text="The harbour cost 9 million.")
    desk.add("Old harbour", url=url, day=6, text="The harbour cost 10 million.")
    update_alerts(desk.archive, desk.now, changes=False)
    desk.run()
    assert hook.got == []
    desk.add("Old harbour", url=url, day=7, text="The harbour cost 11 million.")
    update_alerts(desk.archive, desk.now, changes=False)
    assert hook.got == []
    desk.run()
    assert len(hook.got) == 1


@pytest.mark.slow
def test_changes_are_read_from_the_last_ones_on(
    desk_of: DeskOf, hook: Any, index_line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of articles with new captures, a few at once; all again after a rebuild, and none is sent twice."""
    monkeypatch.setattr(percolate, "_UNCOMMITTED", 0)
    monkeypatch.setattr(matching, "_AT_ONCE", 10)
    read: list[int] = []
    list_changes = percolate.list_classified_changes

    def count(connection: Any, articles: Any) -> Any:
        read.append(len(articles))
        return list_changes(connection, articles)

    monkeypatch.setattr(percolate, "list_classified_changes", count)
    desk = desk_of(hooked(hook, "changes = true"), index=index_line)
    urls = [f"https://news.example/2026/03/long-{n}.html" for n in range(4)]
    for n, url in enumerate(urls):
        desk.add(f"Harbour {n}", url=url, day=5, text=f"Harbour {n} cost 9 million.")
        desk.add(f"Harbour {n}", url=url, day=6, text=f"Harbour {n} cost 10 million.")
    desk.run()
    assert read == [1, 1, 1, 1]
    desk.add("Harbour 0", url=urls[0], day=7, text="Harbour 0 cost 11 million.")
    desk.run()
    assert read[4:] == [1]
    # The capture of the fifth was the first one; an older one makes it a change.
    desk.add("Harbour 1", url=urls[1], day=4, text="Harbour 1 cost 8 million.")
    desk.run()
    assert read[5:] == [1]
    desk.run()
    assert len(read) == 6
    sent = [each["version"] for got in hook.got for each in json.loads(got["body"])["data"]]
    assert len(sent) == 2
    rebuild(desk.archive)
    desk.run()
    assert read[6:] == [1, 1, 1, 1]
    assert len(hook.got) == 2


def test_an_alert_that_another_process_began_during_a_pass_stays(
    desk_of: DeskOf, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader saved it after the pass had read the alerts."""
    desk = desk_of(hooked(hook), ADA)
    mine = AlertConfig(name="mine", query="harbour", webhook=f"http://127.0.0.1:{hook.port}/mine", reader="ada")

    def save_and_begin(*given: Any) -> Any:
        monkeypatch.undo()
        with closing(open_store(desk.folder)) as store, store:
            store.run("save-alert", key=mine.key, reader="ada", definition=json.dumps(asdict(mine)))
        desk.run(sends=False)
        return find_changed_articles(*given)

    monkeypatch.setattr(percolate, "find_changed_articles", save_and_begin)
    desk.run(sends=False)
    with closing(open_store(desk.folder)) as store:
        assert mine in store.list_alerts(desk.archive.config)
        assert mine.key in {row["key"] for row in store.run("active-alerts")}


def test_an_alert_that_is_gone_or_lost_a_target_sends_nothing_more(desk_of: DeskOf, hook: Any) -> None:
    """And one that comes back begins anew."""
    desk = desk_of(hooked(hook))
    hook.answer = "500"
    desk.run()
    desk.add("New harbour")
    desk.run()
    hook.answer = ""
    toml = desk.folder / "newsarchive.toml"
    text = toml.read_text()
    toml.write_text(text.replace(hooked(hook), ""))
    desk.reopen()
    desk.run()
    assert desk.tellings() == []
    desk.add("Next harbour")
    toml.write_text(text)
    desk.reopen()
    desk.run()
    desk.wait(days=1)
    desk.run()
    assert hook.got == []


def test_a_webhook_of_a_reader_reaches_no_private_address(desk_of: DeskOf, hook: Any) -> None:
    """Only the owner's own word opens the network of the archive."""
    desk = desk_of(hooked(hook), ADA)
    with closing(open_store(desk.folder)) as store, store:
        target = f"http://127.0.0.1:{hook.port}/other"
        alert = AlertConfig(name="mine", query="harbour", webhook=target, reader="ada")
        store.run("save-alert", key=alert.key, reader="ada", definition=json.dumps(asdict(alert)))
    desk.run()
    desk.add("New harbour")
    desk.run()
    assert [each["path"] for each in hook.got] == ["/in?x=1"]
    (row,) = [row for row in desk.tellings() if row["target"] == target]
    assert "not a public host" in row["error"]


def test_alerts_of_a_former_reader_stop_and_can_be_deleted(desk_of: DeskOf, hook: Any, smtp: Any) -> None:
    """Waiting mail is dropped; they are listed, begin anew when the reader is back, and the owner deletes them."""
    desk = desk_of(hooked(hook), ADA, smtp=smtp)
    alert = AlertConfig(name="mine", query="harbour", mail=("ada@paper.example",), every="hourly", reader="ada")
    with closing(open_store(desk.folder)) as store, store:
        store.run("save-alert", key=alert.key, reader="ada", definition=json.dumps(asdict(alert)))
    desk.run()
    desk.add("New harbour")
    desk.run()
    toml = desk.folder / "newsarchive.toml"
    with_ada = toml.read_text()
    toml.write_text(with_ada.replace(ADA, ""))
    desk.wait(hours=2)
    desk.add("Next harbour")
    desk.run()
    assert smtp.got == []
    assert [row for row in desk.tellings() if row["alert"] == alert.key] == []
    line = "mine of ada: stopped, as ada is no reader of this archive; last hit"
    assert line in run_command(desk).stdout
    toml.write_text(with_ada)
    desk.run()
    desk.wait(hours=2)
    desk.run()
    assert smtp.got == []
    desk.add("Last harbour")
    desk.run()
    desk.wait(hours=2)
    desk.run()
    assert [each["to"] for each in smtp.got] == ["ada@paper.example"]
    assert "Last harbour" in smtp.got[0]["text"]
    for name in ("mine", "hooked"):
        assert "no alert of a reader, NAME of READER, is named" in run_command(desk, "delete", name).stderr
    assert "mine" not in run_command(desk, "delete", "mine of ada").stdout
    with closing(open_store(desk.folder)) as store:
        assert [each.name for each in store.list_alerts(desk.archive.config, stopped=True)] == ["hooked"]


def test_the_command_lists_and_tests_alerts(desk_of: DeskOf, hook: Any, smtp: Any) -> None:
    """With the secret that checks signatures."""
    desk = desk_of(HARBOUR, hooked(hook), smtp=smtp)
    tested = run_command(desk, "test", "hooked")
    assert "accepted; signed with whsec_" in tested.stdout
    assert json.loads(hook.got[0]["body"])["data"][0]["headline"] == "This is a sample"
    assert run_command(desk, "test", "nothing").returncode != 0
    assert run_command(desk, "test", "harbour").returncode == 0
    listed = run_command(desk)
    assert listed.stdout.splitlines() == [
        f"{name}: last hit -, 0 waiting, 0 sent, 0 failed" for name in ("harbour", "hooked")
    ]


def test_an_archive_without_alerts_says_so(desk_of: DeskOf) -> None:
    """An empty list is a sentence for people."""
    listed = run_command(desk_of())
    assert listed.stdout == (
        "There are no alerts. To add one, write an [[alert]] into newsarchive.toml: newsarchive help alerts\n"
    )


def test_a_crawl_and_save_send_what_they_find_though_no_server_answers(desk_of: DeskOf, hook: Any, smtp: Any) -> None:
    """All that the first crawl finds is new; a refused mail does not change how it ends."""
    site = f'[[site]]\nname = "quay"\nurl = "http://127.0.0.1:{hook.port}/"\nallow_private = true\nobey_robots = false'
    desk = desk_of(HARBOUR, hooked(hook), site, smtp=smtp, index='delay = "0s"')
    smtp.answer = "550 go away"
    page = PAGE.format(headline="Harbour of the day", quoted='"Harbour of the day"', text="The harbour was opened.")
    hook.pages["/"] = '<h1>Quay</h1><a href="/2026/03/10/harbour-of-the-day.html">Harbour of the day</a>'
    hook.pages["/2026/03/10/harbour-of-the-day.html"] = page
    done = run_command(desk, name="crawl")
    assert done.returncode == 0, done.stderr
    (got,) = hook.got
    assert json.loads(got["body"])["data"][0]["headline"] == "Harbour of the day"
    hook.pages["/2026/03/11/second.html"] = page.replace("of the day", "of tomorrow").replace("was opened", "is shut")
    saved = run_command(desk, f"http://127.0.0.1:{hook.port}/2026/03/11/second.html", name="save")
    assert saved.returncode == 0, saved.stderr
    assert len(hook.got) == 2
    assert {row["state"] for row in desk.tellings() if row["target"].startswith("mailto")} == {"open"}


@pytest.mark.slow
def test_a_worker_sends_what_is_due_though_it_crawls_nothing(desk_of: DeskOf, hook: Any, postgres_url: str) -> None:
    """Such as what a killed crawl left."""
    desk = desk_of(hooked(hook), index=f'index = "{postgres_url}"')
    desk.run()
    desk.add("New harbour")
    desk.run(sends=False)
    accepted = threading.Event()
    hook.on_accepted = accepted.set
    command = [sys.executable, "-m", "newsarchive", "worker", "--archive", str(desk.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as worker:
        found = accepted.wait(60)
        worker.terminate()
        output, _ = worker.communicate(timeout=60)
    assert found, output
    (got,) = hook.got
    assert json.loads(got["body"])["data"][0]["headline"] == "New harbour"


def test_a_hit_that_comes_after_the_attempt_of_its_hour_has_a_delivery_of_its_own(desk_of: DeskOf, hook: Any) -> None:
    """As when two processes find hits at the end of an hour: a receiver ignores an id that it knows."""
    desk = desk_of(hooked(hook, 'every = "hourly"'))
    desk.run()
    desk.add("New harbour")
    desk.run()
    desk.wait(hours=1)
    desk.run()
    desk.add("Late harbour")
    desk.wait(hours=-1)
    desk.run()
    desk.wait(hours=1)
    desk.run()
    assert [json.loads(each["body"])["data"][0]["headline"] for each in hook.got] == ["New harbour", "Late harbour"]
    assert len(set(hook.ids)) == 2


def test_an_alert_written_while_a_process_runs_is_not_ended_by_it(desk_of: DeskOf, hook: Any) -> None:
    """The file is read again in each pass; so is what is withheld."""
    desk = desk_of()
    toml = desk.folder / "newsarchive.toml"
    toml.write_text(toml.read_text() + hooked(hook))
    desk.run()
    desk.add("New harbour")
    desk.run(sends=False)
    assert len(desk.tellings()) == 1
    toml.write_text('[serve]\nblocked = ["https://news.example/2026/"]\n' + hooked(hook))
    desk.run()
    assert hook.got == desk.tellings() == []


def test_a_clock_that_jumps_ahead_deletes_no_hit_that_waits(desk_of: DeskOf, hook: Any) -> None:
    """Only what was sent or has failed is deleted after 400 days."""
    desk = desk_of(hooked(hook))
    desk.run()
    desk.add("New harbour")
    desk.run(sends=False)
    desk.wait(days=500)
    desk.run()
    assert len(hook.got) == 1
    desk.run()
    assert desk.tellings() == []


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    """By `alerts`, with what to do; `status` reports it beside the rest, and a crawl is not hurt."""
    Archive.init(tmp_path / "morgue", contact="desk@courier.example").close()
    (tmp_path / "morgue" / matching.FILE).write_bytes(b"no database, " * 100)
    with pytest.raises(StorageError, match=r"cannot be read .*; move it away: alerts begin anew"):
        open_store(tmp_path / "morgue")
    ((count, problem),) = matching.list_failures(tmp_path / "morgue")
    assert (count, "move it away" in problem) == (1, True)
    with Archive.open(tmp_path / "morgue") as archive, follow_alerts(archive, archive.now):
        report = check_health(archive.index, archive.config, archive.now())
    assert any("move it away" in str(each) for each in report.findings)
