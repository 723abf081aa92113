"""News agencies that an article names: in its byline, in the dateline of its text, or in its closing line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path


@cache
def _load_names() -> dict[str, str]:
    """Return the names of agencies by each form in which they are written."""
    table = tomllib.loads(Path(__file__).with_name("agencies.toml").read_text("utf-8"))
    forms = {form: name for name, others in table.items() for form in (name, *others)}
    cases = {each: name for form, name in forms.items() if len(form) > 2 for each in (form.upper(), form.lower())}
    return cases | forms


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a name, of several, of a dateline and of a closing line."""
    one = "|".join(map(re.escape, sorted(_load_names(), key=len, reverse=True)))
    several = rf"((?:{one})(?:\s?[/,&+-]\s?(?:{one}))*)"
    # Berlin (dpa/lno) -, LONDON, Nov 3 (Reuters) -, MOSCOW, November 3. /TASS/., (ANSA) - ROMA, 新华社北京11月3日电
    dateline = rf"[^()!?\n]{{0,60}}?[(/（]{several}(?:/[a-z]{{2,3}})?[)/）]|[〔（(【]?({one})[^\s]{{2,12}}[电電]"
    closing = rf"(?:.*[.!?”\"»]\s*)?[([（—–-]\s?{several}[)\]）]?|(?:\w+:\s?|©\s?)?{several}\.?"
    return re.compile(one), re.compile(several), re.compile(dateline), re.compile(closing, re.DOTALL)


def find_agencies(names: Sequence[str], paragraphs: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the agencies among the names of a byline, and those that the paragraphs of the text name.

    >>> find_agencies(["Jane Roe", "Associated Press"], ["BERLIN (dpa) - It rains.", "It stops. (AFP/Reuters)"])
    ('AP', 'dpa', 'AFP', 'Reuters')
    """
    return tuple(dict.fromkeys(_iter_agencies(names, paragraphs)))


def _iter_agencies(names: Sequence[str], paragraphs: Sequence[str]) -> Iterator[str]:
    name, several, dateline, closing = _patterns()
    found = [several.fullmatch(each) for each in names]
    found += [dateline.match(text[:120]) for text in paragraphs[:1]]
    found += [closing.fullmatch(text[-300:].strip()) for text in paragraphs[-2:]]
    for match in filter(None, found):
        yield from (_load_names()[each] for each in name.findall(next(filter(None, match.groups()))))
