"""What to install so that crawls run by themselves: a crontab line, or systemd's units. Pure text."""

import shlex
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsarchive.config.units import write_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A crawl to run again and again."""

    command: Path
    """The program newsarchive, absolute."""
    archive: Path
    """The archive's folder, absolute."""
    sites: tuple[str, ...] = ()
    """Only these; all where there is none."""
    every: timedelta = timedelta(minutes=10)
    user: str = ""
    """Who it runs as, in a system's unit."""
    ping: str = ""

    @property
    def words(self) -> list[str]:
        """The command line. No flock: a crawl of a site that is being crawled already ends at once, with 75."""
        words = [str(self.command), "crawl", *self.sites, "--quiet", "--archive", str(self.archive)]
        return [*words, "--ping", self.ping] if self.ping else words


def crontab(job: Job) -> str:
    """A crontab's lines. Cron mails what a job says, and `--quiet` says nothing unless something is wrong."""
    command = " ".join(shlex.quote(word).replace("%", r"\%") for word in job.words)
    return (
        "# Put this into the crontab of the archive's owner: crontab -e\n"
        "# Where a crawl is still running when its time comes again, the second one ends at once (exit code 75).\n"
        f"{_minutes(job.every)} {command} || [ $? -eq 75 ]\n"
    )


def _minutes(every: timedelta) -> str:
    """The five fields of a crontab for "every so often", as near as cron can say it.

    >>> [_minutes(timedelta(minutes=minutes)) for minutes in (10, 60, 360, 1440)]
    ['*/10 * * * *', '7 * * * *', '7 */6 * * *', '7 3 * * *']
    """
    minutes = max(1, round(every.total_seconds() / 60))
    if minutes < 60:
        step = max(each for each in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30) if each <= minutes)
        return "* * * * *" if step == 1 else f"*/{step} * * * *"
    hours = minutes // 60
    if hours >= 24:
        return "7 3 * * *"
    step = max(each for each in (1, 2, 3, 4, 6, 8, 12) if each <= hours)
    return "7 * * * *" if step == 1 else f"7 */{step} * * *"  # not on the hour, when everybody's jobs start


def systemd(job: Job) -> str:
    """A service and its timer, each under its file's name."""
    command = " ".join(_systemd_word(word) for word in job.words)
    user = f"User={job.user}\n" if job.user else ""
    folder = _systemd_word(str(job.archive))
    return f"""\
# /etc/systemd/system/newsarchive.service
[Unit]
Description=Crawl news sites into {job.archive}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{user}ExecStart={command}
SuccessExitStatus=75
# The first signal ends it in good order; what was fetched is kept.
KillSignal=SIGTERM
TimeoutStopSec=60
Nice=10
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={folder}
PrivateTmp=yes

# /etc/systemd/system/newsarchive.timer
[Unit]
Description=Crawl news sites every {write_duration(job.every)}

[Timer]
OnBootSec=2min
OnUnitInactiveSec={round(job.every.total_seconds())}s
RandomizedDelaySec=30s
Persistent=yes

[Install]
WantedBy=timers.target

# Then: systemctl daemon-reload && systemctl enable --now newsarchive.timer
"""


def systemd_worker(job: Job) -> str:
    """A service that crawls as one of many machines, under its file's name; sites and rhythm do not matter."""
    command = " ".join(_systemd_word(word) for word in (str(job.command), "worker", "--archive", str(job.archive)))
    user = f"User={job.user}\n" if job.user else ""
    return f"""\
# /etc/systemd/system/newsarchive-worker.service, on each machine
[Unit]
Description=Crawl news sites into {job.archive}, as one of many machines
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
{user}ExecStart={command}
# It ends by itself when it cannot be sure that its sites are its own any more, and has to come back.
Restart=always
RestartSec=5
# The first signal ends it and its crawls in good order; their sites are other machines' within seconds.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=20
Nice=10
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={_systemd_word(str(job.archive))}
PrivateTmp=yes

[Install]
WantedBy=multi-user.target

# Then: systemctl daemon-reload && systemctl enable --now newsarchive-worker
"""


def _systemd_word(word: str) -> str:
    """A word of a unit file: % and $ doubled, in quotes where it has a space.

    >>> _systemd_word("/srv/50% news")
    '"/srv/50%% news"'
    """
    escaped = word.replace("%", "%%").replace("$", "$$")
    if not any(c in escaped for c in " \t\"'\\;"):
        return escaped
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'
