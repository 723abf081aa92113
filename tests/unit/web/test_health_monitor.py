"""Health check of the browser: in the background, at most every five minutes."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.config.schema import Config
from newsarchive.operations.health import Finding, Severity
from newsarchive.web import health_monitor
from newsarchive.web.health_monitor import MAX_AGE, HealthMonitor

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)


class FakeCheck:
    """Returns a finding with the number of the check; fails when told to."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = False

    def __call__(self, *args: object, **options: object) -> SimpleNamespace:
        """Run one check."""
        self.count += 1
        if self.fails:
            raise RuntimeError("the index is away")
        finding = Finding(severity=Severity.WARNING, code="test", subject="test", sentence=str(self.count))
        return SimpleNamespace(findings=(finding,))


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> FakeCheck:
    """The check, replaced by one that counts."""
    fake = FakeCheck()
    monkeypatch.setattr(health_monitor, "check_health", fake)
    monkeypatch.setattr(health_monitor, "MAX_WAIT", 60.0)
    return fake


def monitor(clock: Clock) -> HealthMonitor:
    """Return a monitor of an archive without sites."""
    index: Any = SimpleNamespace(excluding=lambda exclusions: None)
    archive = SimpleNamespace(config=Config(folder=Path()), index=index, now=lambda: NOW)
    return HealthMonitor(cast("Archive", archive), AccessRules, clock=clock)


def sentences(found: tuple[Finding, ...] | None) -> list[str] | None:
    """Return the sentences of findings."""
    return None if found is None else [each.sentence for each in found]


def finish(watched: HealthMonitor) -> None:
    """Wait until no check is running."""
    while watched._is_running:
        pass


def test_the_check_is_repeated_when_it_is_old(check: FakeCheck) -> None:
    """Pages get the last findings; a stale result is shown once more while the next check runs."""
    clock = Clock()
    watched = monitor(clock)
    assert sentences(watched.get_findings()) == ["1"]
    clock.now = MAX_AGE
    assert sentences(watched.get_findings()) == ["1"]
    assert check.count == 1
    clock.now = MAX_AGE + 1
    watched.get_findings()
    finish(watched)
    assert sentences(watched.get_findings()) == ["2"]
    assert check.count == 2


def test_a_failed_check_keeps_the_last_findings(check: FakeCheck) -> None:
    """Without any result the health is unknown, which is not the same as no findings."""
    check.fails = True
    assert monitor(Clock()).get_findings() is None
    check.fails = False
    clock = Clock()
    watched = monitor(clock)
    assert sentences(watched.get_findings()) == ["2"]
    check.fails, clock.now = True, MAX_AGE + 1
    watched.get_findings()
    finish(watched)
    assert sentences(watched.get_findings()) == ["2"]
