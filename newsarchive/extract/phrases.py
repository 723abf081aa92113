"""Phrases of short lines around an article ("Read also", "Newsletter"), in the languages of newspapers.

They are matched against short lines whose position or markup supports them. Removing long paragraphs from a body
because of a word was measured to do harm. Most of them are in phrases.txt.
"""

import re
from functools import lru_cache
from importlib.resources import files

_QUANTIFIERS = frozenset("?*+{")
"""Quantifiers of regular expressions: a letter before one of them may be missing or repeated."""


class Phrases:
    """Patterns of short lines, ignoring case.

    Matched in lower case, because re.IGNORECASE takes ten times as long, for each line of each page.
    """

    __slots__ = ("_pattern", "_required")

    def __init__(self, pattern: str, required: str = "") -> None:
        """Compile a pattern; `required` is a text in all its matches, so that lines without it are skipped."""
        self._pattern = re.compile(_fold_letters(pattern))
        self._required = required

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning."""
        return self._pattern.match(_lower(text)) is not None

    def search(self, text: str) -> bool:
        """Return whether a line contains a match."""
        low = _lower(text)
        return self._required in low and self._pattern.search(low) is not None

    def find(self, text: str) -> str | None:
        """Return the first match as it is printed in the text; None for none.

        >>> Phrases("abone ol").find("Okumak için ABONE OL!")
        'ABONE OL'
        """
        low = _lower(text)
        found = self._pattern.search(low)
        if found is None:
            return None
        # Lower-casing "İ" changes the length of the text and so the positions: the match is returned in lower
        # case.
        return text[found.start() : found.end()] if len(low) == len(text) else found[0]


# One line is matched against table after table.
@lru_cache(maxsize=8)
def _lower(text: str) -> str:
    low = text.lower()
    return low if low.isascii() else _fold_letters(low.replace("i\u0307", "i"))


def _fold_letters(text: str) -> str:
    """Replace the Turkish dotless i and the final sigma by their plain forms."""
    return text.replace("ı", "i").replace("ς", "σ")


def _patterns(table: str) -> str:
    """Return a table as one pattern, grouped by first letter, so that a line is matched against a few of two hundred.

    >>> _patterns("read (?:more|also) / related / e?mail")
    'r(?:ead (?:more|also)|elated)|(?:e?mail)'
    """
    by_letter: dict[str, list[str]] = {}
    for line in table.splitlines():
        for pattern in filter(None, line.strip().split(" / ")):
            letter = "" if not pattern[0].isalpha() or pattern[1:2] in _QUANTIFIERS else pattern[0]
            by_letter.setdefault(letter, []).append(pattern.removeprefix(letter))
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())


def _line(name: str) -> Phrases:
    """Match lines that consist of one of the patterns of a section of phrases.txt."""
    return Phrases(rf"^\W*(?:{_patterns(_TABLES[name])})\W*$")


def _start(name: str) -> Phrases:
    """Match lines that begin with one of the patterns of a section of phrases.txt."""
    return Phrases(rf"^\W*(?:{_patterns(_TABLES[name])})(?!\w)")


_SECTION = re.compile(r"^\[(\w+)\]\n((?:(?!\[\w+\]\n).*\n)*)", re.MULTILINE)
_TABLES = dict(_SECTION.findall(files("newsarchive.extract").joinpath("phrases.txt").read_text("utf-8")))

RELATED = _start("related")
LATEST = _start("latest")
NEWSLETTER = _line("newsletter")
ADVERTISEMENT = _line("advertisement")
"""A line that marks an advertisement. It announces nothing: what follows is the article again."""
NEWSLETTER_NAME = re.compile(
    r"newsletter|infolettre|bolet[íi]|nieuwsbrief|nyhetsbrev|nyhedsbrev|рассылк|bülten|뉴스레터|ニュースレター|邮件|"
    r"النشرة|subscri|sign",
    re.IGNORECASE,
)
PROMO = _start("promo")
FOR_SUBSCRIBERS = _start("for_subscribers")
"""The beginning of a notice in place of the rest of an article."""
DISCLAIMER = _start("disclaimer")
CORRECTION = _start("correction")
EARLIER_VERSION = _start("earlier_version")
"""The beginning of a correction that other sentences begin with too: only at an end of the article is it one."""
CORRECTION_POLICY = Phrases(
    r"(?:report|spot|found|find|notice|see)\w* (?:an?|any|some|something)?\s?(?:error|mistake|typo|inaccura|wrong)|"
    r"(?:submit|request|suggest|send)\w* (?:a|us|your|corrections?)|corrections? (?:policy|page|column|desk)|how to|"
    r"fehler (?:gefunden|entdeckt|melden)|signale[rz] une|erreur \?|reportar (?:un )?err|encontrou (?:um )?err|segnala|"
    r"fout (?:gezien|gevonden|melden)|сообщи(?:те|ть) об|hata bildir|rapport\w* (?:en )?fe[ij]l|"
    r"this is an? (?:opinion|guest|comment|sponsored)|(?:views|opinions) expressed"
)
"""Found in a line that asks readers for corrections, or that says what kind of text this is, and is no correction."""
_SHARE_WORDS = """
    share|shares|teilen|partager|compartir|compartilhar|condividi|delen|dela|del|поделиться|paylaş|bagikan|chia sẻ|分享
    |シェア|シェアする|공유|مشاركة|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|flipboard|e-?mail|mail|print|drucken|imprimer|copy
    |link|copied|tweet|pin|save|gift|bookmark|messenger|line|weibo|wechat|微信|微博|viber|vk|вконтакте|одноклассники|xing|pocket
    |tumblr|sms|on|via|this|article|story|the|with|friends|a|to|and|or|comments?|\\d+k?|views?|like
"""
_SHARE_WORD = "(?:" + "".join(line.strip() for line in _SHARE_WORDS.splitlines()) + ")"
SHARE = Phrases(rf"^\W*{_SHARE_WORD}(?:[\s\W]+{_SHARE_WORD})*\W*$")
SHARE_WORD = Phrases(
    r"share|teilen|partager|compart|condivid|tweet|facebook|twitter|whatsapp|print|email|e-mail|подел|paylaş|分享|"
    r"シェア|공유"
    r"|مشاركة|linkedin|pinterest|copy link"
)
COMMENTS = _line("comments")
PLAYER = _line("player")
TAGS = _start("tags")
CREDIT = _start("credit")
CONTACT = Phrases(
    r"^\W*(?:(?:you can )?(?:e-?mail|contact|reach(?: out to)?|write to|follow|tweet(?: at)?)(?: the)? "
    r"(?:author|writer|reporter|editor|journalist|him|her|them|me)s?\b|"
    r"(?:e-?mail|contact|reach|write to|follow)\s+\w[^.!?:]{3,80}(?:@| on (?:twitter|x|facebook|bluesky|threads)\b)|"
    r"about the authors?\b|"
    r"(?:über|zur|zum) (?:den autor|die autorin|person|autor(?:in)?)\b|sobre (?:el|la|o|a) autora?\b|"
    r"à propos de l['’]auteur|об авторе\b|про автора\b|作者简介|著者プロフィール)"
)
"""The beginning of a line with the contact or the biography of an author."""
FOLLOWED = Phrases(r"\bfollow (?:him|her|them|me) (?:on|@)", required="follow")
"""Found anywhere in such a line."""
INTRODUCES = re.compile(
    r"^(?:is|was|writes|covers|reports|ist|war|schreibt|arbeitet|berichtet|est|écrit|es|escribe|é|escreve|è|scrive|är|"
    r"er|skriver|works|работает|пишет|працює|jest|je|yazıyor)\b|^[(,–—]"
)
"""Words after a name in a line that introduces an author."""
CONTRIBUTED = Phrases(r"\bcontributed (?:reporting|to this|from)\b|\bcontributed\.?$", required="contributed")
READ_TIME = _line("read_time")
