"""Entries of `blocked` match what a person means, and changes apply to a running server."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from newsarchive.access.access_rules import AccessRules, check_blocked, read_blocked, urlkey_prefixes
from newsarchive.archive import Archive
from newsarchive.operations.doctor import check_archive
from newsarchive.operations.health import Severity
from newsarchive.web.app import create_app
from storage.errors import ConfigError
from storage.urls import surt

PAGE = b"<html><title>A</title><body><p>A text of some length about the town.</p></body></html>"


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("news.example/private/", "https://news.example/private/x"),
        ("www.news.example/private", "http://news.example/private/x"),
        ("//news.example/private/", "https://news.example/private/x"),
        ("HTTPS://NEWS.EXAMPLE/Private/", "https://news.example/private/x"),
        ("https://news.example:443/private/", "https://news.example/private/x"),
        ("news.example:80", "https://news.example/private/x"),
        ("news.example", "http://news.example:8080/private/x"),
        ("https://news.example/", "https://news.example:8443/private/x"),
        ("*.news.example", "https://sport.news.example:8443/private/x"),
        ("127.0.0.1", "http://127.0.0.1:8080/private/x"),
        ("https://news.example./private/", "https://news.example/private/x"),
        ("https://news.example.:443/private/", "https://news.example./private/x"),
        ("https://news.example/%70riv%61te/", "https://news.example/private/x"),
        ("https://news.example/private/", "https://news.example/%70rivate/x"),
        ("https://news.example/b%C3%BCcher/", "https://news.example/bücher/x"),
        ("https://news.example/bücher/", "https://news.example/b%c3%bccher/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/x"),
        ("https://XN--BCHER-KVA.example/", "https://bücher.example/x"),
        ("https://user:word@news.example/private/#top", "https://news.example/private/x"),
        ("https://news.example/?b=2&a=1", "https://news.example/?a=1&b=2"),
        ("news.example:8080/a", "http://news.example:8080/a/b"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a/b"),
        ("[::1]:8080/a", "http://[::1]:8080/a/b"),
        ("http://[::1]:80/", "http://[::1]/b"),
        ("*.news.example", "https://sport.news.example/a"),
        ("  news.example  ", "https://news.example/a"),
        ("example,news)/private/", "https://news.example/private/x"),
        ("example,news,", "https://sport.news.example/x"),
        ("http://(example,news,)/private/", "https://news.example/private/x"),
    ],
)
def test_a_blocked_entry_matches_what_a_person_means(entry: str, url: str) -> None:
    """Whatever the spelling of the entry or of the archived URL; and nothing of other hosts."""
    assert surt(url).startswith(urlkey_prefixes(entry))
    assert not surt("https://other.example/private/x").startswith(urlkey_prefixes(entry))


@pytest.mark.parametrize("entry", ["news.example:80", "http://news.example:443", "*.news.example:443/"])
def test_a_blocked_entry_with_a_port_is_meant_on_that_port_alone(entry: str) -> None:
    """Also one that is the port of a scheme."""
    assert surt("https://news.example/private/x").startswith(urlkey_prefixes(entry))
    assert not surt("https://news.example:8443/private/x").startswith(urlkey_prefixes(entry))


@pytest.mark.parametrize(
    "entry", ["", " ", "/private/", "private stuff", "https://", "private", "https:///private", "?a"]
)
def test_an_unreadable_blocked_entry_is_an_error(entry: str) -> None:
    """It would withhold nothing."""
    prefixes, problems = read_blocked([entry, "https://news.example/a"])
    assert prefixes == ("example,news)/a",)
    assert len(problems) == 1


def write_blocked(archive: Archive, *entries: str) -> None:
    toml = archive.folder / "newsarchive.toml"
    toml.write_text(f"[serve]\nblocked = {list(entries)!r}\n")


def test_a_blocked_entry_that_matches_nothing_stops_serve_and_doctor(archive_of: Callable[..., Archive]) -> None:
    """The owner learns of the typing error before readers do."""
    archive = archive_of(
        {"url": "https://news.example/a", "body": PAGE}, config='[serve]\nblocked = ["news.exmaple/a"]'
    )
    with pytest.raises(ConfigError, match=r"news\.exmaple/a"):
        check_blocked(archive)
    found = [each for each in check_archive(archive.config, datetime.now(UTC)) if each.subject == "blocked"]
    assert [each.severity for each in found] == [Severity.ERROR]
    write_blocked(archive, "news.example/a")
    with Archive.open_to_read(archive.folder) as again:
        check_blocked(again)
        assert not [each for each in check_archive(again.config, datetime.now(UTC)) if each.subject == "blocked"]


def test_a_running_server_takes_up_a_change(archive_of: Callable[..., Archive]) -> None:
    """With the next request; a mistake in the file publishes nothing that was withheld."""
    archive = archive_of(
        {"url": "https://news.example/a", "body": PAGE}, {"url": "https://news.example/b", "body": PAGE + b"b"}
    )

    def captured(client: TestClient) -> str:
        return client.get("/cdx?url=news.example&matchType=domain").text

    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        assert "/a" in captured(client)
        write_blocked(archive, "https://news.example/a")
        assert "/a" not in captured(client)
        assert "/b" in captured(client)
        write_blocked(archive, "https://news.example/b", "no host")
        assert "No Captures" in captured(client)
        (archive.folder / "newsarchive.toml").write_text("[serve\n")
        assert "No Captures" in captured(client)
        write_blocked(archive)
        assert "/a" in captured(client)


def test_a_hidden_site_is_withheld_before_the_index_knows_its_name(archive_of: Callable[..., Archive]) -> None:
    """Imported pages of its host belong to no configured site yet."""
    hidden = '[[site]]\nname = "secret"\nurl = "https://secret.example/"\nhidden = true'
    archive = archive_of({"url": "https://sport.secret.example/a", "body": PAGE}, config=hidden)
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        assert "No Captures" in client.get("/cdx?url=secret.example&matchType=domain").text
        assert "secret.example" not in client.get("/sites").text


def test_rules_with_a_mistake_do_not_open_what_an_embargo_holds() -> None:
    """The union has the longer embargo."""
    archive_rules = AccessRules(blocked=("example,a)/",), hidden=frozenset({"x"}))
    both = archive_rules.union(AccessRules(blocked=("example,b)/",), hidden=frozenset({"y"})))
    assert both == AccessRules(blocked=("example,a)/", "example,b)/"), hidden=frozenset({"x", "y"}))


@pytest.mark.slow
def test_sighup_reloads_the_rules(archive_of: Callable[..., Archive]) -> None:
    """The process goes on; it says what is wrong with the file."""
    archive = archive_of({"url": "https://news.example/a", "body": PAGE})
    command = [sys.executable, "-m", "newsarchive", "serve", "--port", "0", "-A", str(archive.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        stop = threading.Timer(60, process.kill)
        stop.start()
        assert process.stdout is not None
        assert process.stderr is not None
        assert "Serving" in process.stdout.readline()
        write_blocked(archive, "nothing.example/z")
        os.kill(process.pid, signal.SIGHUP)
        assert "matches no URL" in process.stderr.readline()
        process.terminate()
        assert process.wait() == 0
        stop.cancel()
