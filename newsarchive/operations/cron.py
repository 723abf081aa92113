"""Text of crontab lines and systemd units for regular crawls."""

import shlex
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from newsarchive.config.units import format_duration
from storage.errors import ConfigError
from storage.grouping import group_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCrawl:
    """A crawl to run regularly."""

    command: Path
    """Absolute path of the program newsarchive."""
    archive: Path
    """Absolute path of the archive."""
    sites: tuple[str, ...] = ()
    """Sites to crawl; empty: all."""
    every: timedelta = timedelta(minutes=10)
    user: str = ""
    """User of a systemd unit."""
    ping: str = ""

    @property
    def command_line(self) -> list[str]:
        """The command line. It needs no flock: a second crawl of a site exits at once with 75."""
        words = [str(self.command), "crawl", *self.sites, "--quiet", "--archive", str(self.archive)]
        return [*words, "--ping", self.ping] if self.ping else words


def crontab(job: ScheduledCrawl) -> str:
    """Return crontab lines. Cron mails all output, so the crawl runs with --quiet.

    ConfigError if a word has a line break, which crontab cannot express.
    """
    if any("\n" in word for word in job.command_line):
        raise ConfigError.create("cron-line-break")
    command = " ".join(shlex.quote(word).replace("%", r"\%") for word in job.command_line)
    return (
        "# Add this to the crontab of the archive's owner: crontab -e\n"
        "# If a crawl is still running, the next one exits at once (exit code 75).\n"
        + "".join(f"{fields} {command} || [ $? -eq 75 ]\n" for fields in _cron_fields(job.every))
    )


def _cron_fields(every: timedelta) -> list[str]:
    """Return the five time fields of each line that an interval needs; ConfigError for one that cron cannot express.

    >>> [_cron_fields(timedelta(minutes=minutes)) for minutes in (10, 60, 360, 1440)]
    [['*/10 * * * *'], ['7 * * * *'], ['7 */6 * * *'], ['7 3 * * *']]
    >>> _cron_fields(timedelta(minutes=96))
    ['7 0,8,16 * * *', '43 1,9,17 * * *', '19 3,11,19 * * *', '55 4,12,20 * * *', '31 6,14,22 * * *']
    """
    minutes, rest = divmod(every.total_seconds(), 60)
    if minutes < 1 or rest or 1440 % minutes:
        raise ConfigError.create("cron-interval", words=format_duration(every))
    if 60 % minutes == 0 and minutes < 60:
        return [f"*/{minutes:g} * * * *".replace("*/1 ", "* ")]
    if minutes % 60 == 0 and minutes < 1440:  # not on the hour, when most jobs start
        return [f"7 */{minutes / 60:g} * * *".replace("*/1 ", "* ")]
    hours = group_pairs((at % 60, str(at // 60)) for at in range(187 if minutes == 1440 else 7, 1440, int(minutes)))
    return [f"{minute} {','.join(at)} * * *" for minute, at in hours.items()]


def systemd_units(job: ScheduledCrawl, *, worker: bool = False) -> str:
    """Return a service and its timer, or the service of a worker (without sites and interval), below its file name."""
    words = [str(job.command), "worker", "--archive", str(job.archive)] if worker else job.command_line
    file = files("newsarchive.operations").joinpath("worker.systemd" if worker else "crawl.systemd")
    command, user = " ".join(map(_quote_systemd, words)), f"User={job.user}\n" if job.user else ""
    name = " ".join(str(job.archive).replace("%", "%%").split())  # a description is one line
    folder = _quote_systemd(str(job.archive), variables=False)
    every, seconds = format_duration(job.every), round(job.every.total_seconds())
    return file.read_text("utf-8").format(
        command=command, user=user, name=name, folder=folder, every=every, seconds=seconds
    )


def _quote_systemd(word: str, *, variables: bool = True) -> str:
    """Quote a word of a unit file: % doubled, and $ where it begins a variable; in quotes if it has a space.

    >>> _quote_systemd("/srv/50% news"), _quote_systemd("/srv/$1", variables=False)
    ('"/srv/50%% news"', '/srv/$1')
    """
    escaped = word.replace("%", "%%").replace("$", "$$" if variables else "$")
    if not any(c in escaped for c in " \t\n\"'\\;#"):
        return escaped
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
