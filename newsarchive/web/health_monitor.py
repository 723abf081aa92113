"""Findings of the health check for pages: computed in the background, because the check may list a bucket."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.operations.health import Finding, check_health

MAX_AGE = 300.0
"""Seconds after which the check is repeated when a page asks for it."""
MAX_WAIT = 2.0
"""Seconds that the first page waits for the first check."""

log = logging.getLogger(__name__)


class HealthMonitor:
    """Runs the health check at most every five minutes, and only while pages ask for it."""

    def __init__(
        self, archive: Archive, get_rules: Callable[[], AccessRules], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._archive = archive
        self._get_rules = get_rules
        self._clock = clock
        self._lock = threading.Lock()
        self._findings: tuple[Finding, ...] | None = None
        self._checked_at: float | None = None
        self._done = threading.Event()
        self._is_running = False

    def get_findings(self) -> tuple[Finding, ...] | None:
        """Return the findings of the last check, without excluded sites and URLs; None if no check has ended yet."""
        with self._lock:
            is_stale = self._checked_at is None or self._clock() - self._checked_at > MAX_AGE
            if is_stale and not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="health", daemon=True).start()
        self._done.wait(MAX_WAIT)
        return self._findings

    def _run(self) -> None:
        try:
            archive, rules, now = self._archive, self._get_rules(), self._archive.now()
            # Captures under an embargo are not shown, which must not look like silence.
            embargoed = {name for name, _ in rules.embargoes}
            sites = tuple(each for each in archive.config.sites if not each.hidden and each.name not in embargoed)
            reader = archive.index.excluding(rules.exclusions(now))
            self._findings = check_health(archive.index, replace(archive.config, sites=sites), now, reader).findings
        except Exception:
            # The page shows the findings of the check before; the index may be unavailable, which other pages report.
            log.exception("health check")
        finally:
            with self._lock:
                self._checked_at, self._is_running = self._clock(), False
            self._done.set()
