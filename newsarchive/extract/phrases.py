"""Phrases of short lines around an article ("Read also", "Newsletter"), in the languages of newspapers.

They are matched against short lines whose position or markup supports them. Removing long paragraphs from a body
because of a word was measured to do harm. Most of them are in phrases.txt.
"""

import re

from newsarchive.extract.word_tables import LinePhrases, Phrases, alternatives, entries


def _line(name: str) -> LinePhrases:
    """Match lines that consist of one of the patterns of a section of phrases.txt."""
    return LinePhrases(entries(name), r"\W*$")


def _start(name: str) -> LinePhrases:
    """Match lines that begin with one of the patterns of a section of phrases.txt."""
    return LinePhrases(entries(name), r"(?!\w)")


class _NotedPhrases(LinePhrases):
    """Phrases that may stand after a prefix such as "Note:"."""

    def __init__(self, name: str) -> None:
        super().__init__(entries(name), r"(?!\w)")

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning, or after its prefix."""
        note = _NOTE.find_match(text) if ":" in text or "：" in text else None
        return super().match(text) or (note is not None and super().match(note.string[note.end() :]))


RELATED = _start("related")
LATEST = _start("latest")
NEIGHBOUR = _start("neighbour")
"""The beginning of the card of the article published before or after: "Previous article"."""
NEWSLETTER = _line("newsletter")
ADVERTISEMENT = _line("advertisement")
"""A line that marks an advertisement. It announces nothing: what follows is the article again."""
NEWSLETTER_NAME = re.compile(alternatives("newsletter_name"), re.IGNORECASE)
OFFER = Phrases(alternatives("offer_word"))
"""Found in the description of a newsletter, beside its label."""
PROMO = _start("promo")
FOR_SUBSCRIBERS = _start("for_subscribers")
"""The beginning of a notice in place of the rest of an article."""
DISCLAIMER = _start("disclaimer")
SITE_DISCLAIMER = _start("site_disclaimer")
"""The beginning of a notice on a whole site, and of other sentences: it is one only at an end of the article."""
_NOTE = LinePhrases(entries("correction_prefix"), r"\s*[:：]\W*")
CORRECTION = _NotedPhrases("correction")
EARLIER_VERSION = _NotedPhrases("earlier_version")
"""The beginning of a correction that other sentences begin with too: only at an end of the article is it one."""
CORRECTION_POLICY = Phrases(alternatives("correction_policy"))
"""Found in a line that asks readers for corrections, or that says what kind of text this is, and is no correction."""
_SHARE_WORD = f"(?:{alternatives('share_line')})"
SHARE = Phrases(rf"^\W*{_SHARE_WORD}(?:[\s\W]+{_SHARE_WORD})*\W*$")
SHARE_WORD = Phrases(alternatives("share_word"))
COMMENTS = _line("comments")
PLAYER = _line("player")
TAGS = _start("tags")
CREDIT = _start("credit")
CONTACT = Phrases(rf"^\W*(?:{alternatives('contact')})")
"""The beginning of a line with the contact or the biography of an author."""
FOLLOWED = Phrases(r"\bfollow (?:him|her|them|me) (?:on|@)")
"""Found anywhere in such a line."""
INTRODUCES = re.compile(rf"^(?:{alternatives('introduces')})\b|^[(,–—]")
"""Words after a name in a line that introduces an author."""
CONTRIBUTED = Phrases(r"\bcontributed (?:reporting|to this|from)\b|\bcontributed\.?$")
READ_TIME = _line("read_time")
