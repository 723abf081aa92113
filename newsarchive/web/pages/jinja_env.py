"""How pages look: the templates, and what they call to write moments, numbers and marks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsarchive.config.units import about
from newsarchive.web.static_files import asset
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path

HERE = Path(__file__).parent.parent
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def iso(when: datetime) -> str:
    """A moment as <time datetime> wants it.

    >>> iso(datetime(2026, 3, 1, 6, tzinfo=UTC))
    '2026-03-01T06:00:00Z'
    """
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def spoken(when: datetime) -> str:
    """A moment for reading, in UTC.

    >>> spoken(datetime(2026, 3, 1, 6, tzinfo=UTC))
    '1 Mar 2026, 06:00'
    """
    moment = when.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def is_day(when: datetime) -> bool:
    """True for a moment that stands for a day, as of a page that gives no hour: midnight, UTC.

    >>> is_day(datetime(2026, 3, 1, tzinfo=UTC)), is_day(datetime(2026, 3, 1, 6, tzinfo=UTC))
    (True, False)
    """
    moment = when.astimezone(UTC)
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def spoken_day(when: datetime) -> str:
    """A day for reading, in UTC.

    >>> spoken_day(datetime(2026, 3, 1, 6, tzinfo=UTC))
    '1 March 2026'
    """
    moment = when.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "article"), counted(1200, "capture"), counted(2, "entry", "entries")
    ('1 article', '1,200 captures', '2 entries')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def direction(language: str | None) -> str:
    """Value of `dir` for a text in a language; "auto" where the text itself has to tell.

    >>> direction("ar"), direction("en"), direction(None)
    ('rtl', 'ltr', 'auto')
    """
    if not language:
        return "auto"
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def address(path: str, **query: object) -> str:
    """A path of ours with its query; what is None or "" is left out.

    >>> address("/search", q="a b", site=None)
    '/search?q=a+b'
    """
    asked = [(name, str(value)) for name, value in query.items() if value is not None and value != ""]
    return f"{path}?{urlencode(asked)}" if asked else path


def segment(text: str) -> str:
    """One segment of a path, quoted.

    >>> segment("news/a b")
    'news%2Fa%20b'
    """
    return quote(text, safe="")


def pages(page: int, size: int, total: int, *, around: int = 2) -> Sequence[int]:
    """Numbers of the pages that a pager names, 0 where some are left out.

    >>> pages(6, 10, 200)
    [1, 0, 4, 5, 6, 7, 8, 0, 20]
    """
    last = max(1, -(-total // size))
    named = sorted({1, last, *range(max(1, page - around), min(last, page + around) + 1)})
    shown: list[int] = []
    for number in named:
        if shown and number - shown[-1] == 2:
            shown.append(number - 1)
        elif shown and number - shown[-1] > 2:
            shown.append(0)
        shown.append(number)
    return shown


def environment() -> Environment:
    """Templates: escaped as HTML, and a name that a handler forgot is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(iso=iso, stamp=stamp, spoken=spoken, spoken_day=spoken_day, about=about, segment=segment)
    made.globals.update(
        is_day=is_day,
        asset=asset,
        counted=counted,
        direction=direction,
        address=address,
        in_path=in_path,
        pages=pages,
    )
    return made


TEMPLATES = environment()
