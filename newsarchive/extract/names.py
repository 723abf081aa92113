"""Read names in bylines: separate persons and organisations, without "By", job titles and degrees."""

import re
from collections.abc import Sequence

from newsarchive.extract.headline import text_key
from newsarchive.extract.word_tables import alternatives, entries, words

BYLINE_LEAD = re.compile(
    rf"^\s*(?:{alternatives('byline_lead')})(?:\s*[:：/|]\s*|\s+)|"
    rf"^\s*(?:{alternatives('byline_label')})s?\s*[:：/|]\s*",
    re.IGNORECASE,
)
_GLUED_LEAD = re.compile(r"^(?:(?:[Pp]osted |[Ww]ritten )?[Bb]y|BY|[Vv]on|[Pp]ar|[Pp]or|Author|Autor|Text)(?=[A-ZÀ-Þ])")
"""A word before a name that is in another element, without a space between them: "ByJane Roe"."""
BARE_LEADS = frozenset(entries("bare_lead"))
"""Words before a name that is in another element."""
_BY_CJK = re.compile(r"^(?:记者|記者|作者|文/)\s*")
_SPLIT = re.compile(
    r"\s*[,;|/·•、،&\uff0c\uff0f\uff5c\n]\s*|\s+(?:and|und|et|y|e|og|och|en|i|и|та|ve|dan|và|with|mit|avec|con|και)\s+|"
    r"\s*\band\b\s+",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"\b(?:{alternatives('byline_role')})\b|{alternatives('byline_role_unspaced')}", re.IGNORECASE)
AGENCIES = frozenset(entries("agency"))
"""News agencies, which appear in bylines."""
_FIRST_UNSPACED = "\u0e00"
"""First letter of the scripts in which most names are written without spaces."""
_DEGREE = re.compile(r"(?:[A-Z]\.?){2,5}|Ph\.?\s?D\.?|M\.?Sc\.?|B\.?Sc\.?|Jr\.?|Sr\.?|Esq\.?|MBChB")
_PARENS = re.compile(r"\([^)]{0,80}\)|\[[^\]]{0,80}\]")
_TRAIL = re.compile(
    r"\s+(?:[-–—|@]|for|für|pour|in|at|on)\s+.*$|\s*@\w+.*$|\s+\S+@\S+.*$|[\s,;:.·|–—-]+$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"(?:^|\s+)(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day$", re.IGNORECASE)
_TITLE_AFTER = re.compile(r"(?:\s+(?!I{1,3}$|IV$|AP$|AFP$|DPA$)[A-Z]{2,5}){1,3}$")
"""Degrees behind a name: "Jane Roe MS RD"."""
_ORGANISATION = re.compile(
    rf"^the\s+\S|\b(?:{alternatives('organisation')})\b\.?|{alternatives('organisation_unspaced')}", re.IGNORECASE
)
_INSTITUTION = re.compile(
    r"(?:center|centre|institute|department|ministry|university|school|office|bureau) (?:for|of)\b", re.IGNORECASE
)
_MAX_INSTITUTION = 80
_PARTICLES = frozenset(words("name_particle"))
_NO_NAME = frozenset(words("no_name"))
"""Words that are no part of a name that stands alone."""
_MAX_NAME = 40


def is_organisation(name: str) -> bool:
    """Return whether a name is that of a publisher, agency, desk or other organisation.

    >>> [is_organisation(name) for name in ("The Jersey Journal", "Institute for Basic Science", "Jane Roe")]
    [True, True, False]
    """
    return len(name) < 80 and (text_key(name) in AGENCIES or _ORGANISATION.search(name) is not None)


def is_person_name(text: str) -> bool:
    """Return whether a line that stands alone has the form of a person's name: two to four words with capitals.

    >>> [is_person_name(text) for text in ("Jane Q. Roe", "Loïc Le Clerc", "Read more", "Rain falls")]
    [True, True, False, False]
    """
    words = text.strip(" .,:").split()
    if not 2 <= len(words) <= 4 or len(text) > _MAX_NAME or any(map(str.isdigit, text)) or is_organisation(text):
        return False
    if any(word.casefold().strip(".,") in _NO_NAME for word in words):
        return False
    return (
        all(word[:1].isupper() or word in _PARTICLES or word.startswith(("d'", "d’")) for word in words)
        and all(part.isalpha() for word in words for part in re.split(r"[-.'’]", word) if part)
        and words[-1][:1].isupper()
    )


def _is_degree_or_place(part: str, before: Sequence[str]) -> bool:
    """Return whether a part of a byline is a degree ("PhD"), or one word after a name ("Jane Roe, Geneva")."""
    if max(part) >= _FIRST_UNSPACED or text_key(part) in AGENCIES:
        return False
    follows_name = bool(before) and all(len(each.split()) > 1 for each in before)
    return _DEGREE.fullmatch(part) is not None or (" " not in part and follows_name)


def _is_one_organisation(text: str) -> bool:
    """Return whether a byline is the name of one organisation, in which "and" and "for" separate nothing."""
    if _INSTITUTION.match(text) and len(text) < _MAX_INSTITUTION:
        return True
    if text_key(text) in AGENCIES:
        return True
    is_one = len(_SPLIT.split(text)) == 1 and not BYLINE_LEAD.match(text)
    return is_one and is_organisation(text) and not _ROLE.search(text)


def split_byline(text: str) -> list[str]:
    """Return the names in a byline.

    >>> split_byline("By Jane Roe and John Q. Public, Staff Writers")
    ['Jane Roe', 'John Q. Public']
    """
    text = " ".join(text[:400].split())
    if text.startswith(("http://", "https://", "www.")):
        return []
    if _is_one_organisation(text):
        return [text]
    text = _GLUED_LEAD.sub("", BYLINE_LEAD.sub("", _PARENS.sub(" ", text)))
    names: list[str] = []
    parts = _SPLIT.split(text)
    for at, part in enumerate(parts):
        if any(map(str.isdigit, "".join(parts[at + 1 : at + 2]))):
            # "Jane Roe Monday, November 18": the weekday belongs to the date. Without a date it may be a name.
            part = _WEEKDAY.sub("", part)
        part = _TRAIL.sub("", _GLUED_LEAD.sub("", BYLINE_LEAD.sub("", _BY_CJK.sub("", part))))
        part = part.strip(" \t.:;-–—|*\"'“”")
        if " " in part and not part.isupper():
            part = _TITLE_AFTER.sub("", part)
        if not part or _ROLE.search(part) or any(c.isdigit() for c in part) or len(part) > 60 or len(part.split()) > 6:
            continue
        if not any(c.isalpha() for c in part) or "@" in part or _is_degree_or_place(part, parts[:at]):
            continue
        if part.lower() in BARE_LEADS or (part.islower() and len(part.split()) != 2):
            continue
        if part.isupper() and len(part) > 4 and part.isascii():
            part = part.title()
        if part not in names:
            names.append(part)
    return names
