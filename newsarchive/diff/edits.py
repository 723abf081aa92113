"""Classify an edit: which kinds of change it has, its size, whether the page mentions it, and an excerpt.

    comparison --> changed runs of words, each with its place --> kinds, the most important first

A kind is claimed only where the words bear it out: a change that could be more than a slip is no typo, and a page that
prints a correction was not changed silently.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, groupby, takewhile
from operator import attrgetter
from typing import NamedTuple

from rapidfuzz.distance import Postfix, Prefix

from newsarchive.diff.articles import Comparison, EditVerdict, ParagraphDiff, RowKind, compare_versions
from newsarchive.diff.paragraphs import NUMERALS, DiffPiece, TextChange, diff_words, similarity_terms, tokenize
from newsarchive.extract.word_tables import alternatives, words
from storage.article_fields import ArticleFields
from storage.model import Role
from storage.observations import CHANGED_BACK


class EditKind(StrEnum):
    """Kind of an edit, the most important first; an edit may have several."""

    CHANGED_BACK = CHANGED_BACK
    """The text is an earlier version again; found by the captures, not by the two texts."""
    RETRACTION = "retraction"
    CORRECTION = "correction"
    """A correction or editor's note was added."""
    REWRITTEN = "rewritten"
    """Most of the text is new."""
    HEADLINE = "headline"
    """The headline says something else."""
    NUMBERS = "numbers"
    NAMES = "names"
    QUOTES = "quotes"
    REMOVED = "removed"
    """Paragraphs were taken out."""
    ADDED = "added"
    """Paragraphs were added."""
    REWORDED = "headline-wording"
    """The headline says the same in other words."""
    DEK = "dek"
    BYLINE = "byline"
    WORDING = "wording"
    CAPTION = "caption"
    SECTION = "section"
    ORDER = "order"
    """Paragraphs were moved."""
    TYPO = "typo"
    """Slips of spelling, punctuation or spacing, and nothing else."""


_RANK = {kind: place for place, kind in enumerate(EditKind)}
_PIECE, _WITHDRAWN, _CLAUSE = (rf"\b(?:{alternatives(name)})\b" for name in ("withdrawn_piece", "withdrawn", "clause"))
# Of the article itself, within one clause: a note may speak of anything else that was withdrawn.
_RETRACTION = re.compile(
    rf"(?i)\bretraction\b|ritrattazione|撤稿|(?:記事|文章|报道|報道|本文|稿件)[^。，、；]{{0,8}}撤回"
    rf"|{_PIECE}\W(?:(?!{_CLAUSE})[^.;:!?…]){{0,60}}?{_WITHDRAWN}|{_WITHDRAWN}\W[^.;:!?…]{{0,20}}?{_PIECE}"
)
_NUMBER = re.compile(rf"\d+(?:[.,:]\d+)*[{NUMERALS}]*|[{NUMERALS}]{{2,}}")
_NUMBER_WORDS = sorted((word.casefold() for word in words("number_word")), key=len, reverse=True)
_SHORT, _LONG = ("|".join(word for word in _NUMBER_WORDS if len(word) >= letters) for letters in (0, 4))
# dreiundzwanzig, vijftienhonderd, twenty-two, dix-huit
_NUMBER_WORD = re.compile(
    rf"(?:ein(?:und)?)?(?:{_LONG})(?:(?:und|en|ën)?(?:{_LONG}))*+|(?:{_SHORT})(?:-(?:et-)?(?:{_SHORT}|one|un))*"
)
_NEGATIONS = frozenset(words("negation"))
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ſА-ЯЁΑ-Ω][^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;»”\"“„«(\n\u2013\u2014-])\s*$")
_NOUNS_CAPITALISED = frozenset({"de", "lb", "nds"})  # languages in which a capital letter says nothing of names
_QUOTES = tuple('"“„«»「『')
_OPENING, _CLOSING = "“„«「『‹", "”»」』›"
_KEPT_SHARE, _MIN_REWRITTEN = 0.25, 200
_SAME_HEADLINE = 0.4
_EXCERPT, _LEAD = 160, 50


class _Run(NamedTuple):
    """Words that were replaced, within one paragraph."""

    removed: str
    added: str
    before: str  # text before it, in the newer paragraph
    is_quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The classification of an edit."""

    kinds: tuple[EditKind, ...] = ()
    """The most important first; empty if no text differs."""
    notice: EditVerdict | None = None
    added: int = 0
    """Characters, without white space."""
    removed: int = 0
    older: str | None = None
    """Excerpt at the most telling place; None if nothing was there."""
    newer: str | None = None


class _Finding(NamedTuple):
    kind: EditKind
    older: str | None
    newer: str | None


def classify_edit(older: ArticleFields, newer: ArticleFields) -> Edit:
    """Classify what differs between two versions of an article."""
    # Its patterns take a tenth of the time in which a command starts, and few commands classify edits.
    from newsarchive.extract.corrections import is_notice

    comparison = compare_versions(older, newer)
    findings = list(_find_kinds(comparison, older, newer))
    kinds = sorted({finding.kind for finding in findings}, key=_RANK.__getitem__)
    if len(kinds) > 1 and EditKind.TYPO in kinds:
        kinds.remove(EditKind.TYPO)
    telling = next((finding for kind in kinds for finding in findings if finding.kind is kind), None)
    notice: EditVerdict | None = comparison.notice.verdict
    shown = (each for each in newer.all_paragraphs if not each.boilerplate)
    if notice in {EditVerdict.SILENT, EditVerdict.DATED} and any(
        each.role is Role.CORRECTION or is_notice(each.text, at_edge=True) for each in shown
    ):
        notice = EditVerdict.NOTED
    elif notice is EditVerdict.SILENT and comparison.notice.live:
        notice = None  # live blogs are edited without a note by their nature
    added, removed = map(comparison.count_characters, (TextChange.ADDED, TextChange.REMOVED))
    older_text, newer_text = (telling.older, telling.newer) if telling else (None, None)
    if telling and telling.kind is EditKind.REMOVED:
        newer_text = next((finding.newer for finding in findings if finding.kind is EditKind.ADDED), None)
    return Edit(kinds=tuple(kinds), notice=notice, added=added, removed=removed, older=older_text, newer=newer_text)


def _find_kinds(comparison: Comparison, older: ArticleFields, newer: ArticleFields) -> Iterator[_Finding]:
    names = _find_names((older, newer))
    for note in comparison.notice.notes:
        kind = EditKind.RETRACTION if _RETRACTION.search(note) else EditKind.CORRECTION
        yield _Finding(kind, None, _clip(note))
    if older.headline != newer.headline:
        yield _Finding(_headline_kind(comparison.headline, names), _clip(older.headline), _clip(newer.headline))
    for kind, row in ((EditKind.DEK, comparison.dek), (EditKind.BYLINE, comparison.byline)):
        if row is not None and row.kind is not RowKind.SAME:
            typo = kind is EditKind.DEK and _is_typo(row, names)
            yield _Finding(EditKind.TYPO if typo else kind, *_excerpts(row))
    if older.section != newer.section:
        yield _Finding(EditKind.SECTION, older.section, newer.section)
    body = [row for row in comparison.rows if row.role not in {Role.CAPTION, Role.CORRECTION}]
    pieces = diff_words(older.image_caption or "", newer.image_caption or "")
    image = ParagraphDiff(kind=RowKind.CHANGED, role=Role.CAPTION, pieces=pieces, older=None, newer=None)
    images = [image] if any(piece.change is not TextChange.SAME for piece in pieces) else []
    for row in (*images, *comparison.rows):
        if row.role is Role.CAPTION and row.kind not in {RowKind.SAME, RowKind.LEFT}:
            typo = row.kind is RowKind.CHANGED and _is_typo(row, names)
            yield _Finding(EditKind.TYPO if typo else EditKind.CAPTION, *_excerpts(row))
    runs = [
        list(rows) for differ, rows in groupby(body, lambda row: row.kind not in {RowKind.SAME, RowKind.LEFT}) if differ
    ]
    changed = list(chain.from_iterable(runs))
    divided = {id(row) for run in runs if len(run) > 1 and _is_divided(run) for row in run}
    if _is_rewritten(body):
        yield _Finding(EditKind.REWRITTEN, *_excerpts(changed[0]))
        return
    replaced = _find_replaced_quotes(changed)
    for row in changed:
        if id(row) in divided:
            yield _Finding(EditKind.TYPO, *_excerpts(row))
            continue
        for kind in (EditKind.QUOTES,) if id(row) in replaced else _paragraph_kinds(row, names):
            yield _Finding(kind, *_excerpts(row))


def _find_replaced_quotes(rows: Sequence[ParagraphDiff]) -> set[int]:
    """Return the ids of paragraphs that are quotations, one taken out and one put in."""
    quoted = {id(row): row.kind for row in rows if _join(row.pieces).lstrip("-–—― ")[:1] in _QUOTES}
    both = {RowKind.ADDED, RowKind.REMOVED}
    return {each for each, kind in quoted.items() if kind in both} if both <= set(quoted.values()) else set()


def _is_divided(rows: Sequence[ParagraphDiff]) -> bool:
    """Return whether consecutive paragraphs differ only in where one ends and the next begins."""
    old, new = (_join(chain.from_iterable(map(side, rows))).split() for side in map(attrgetter, ("before", "after")))
    return "".join(old) == "".join(new) and all(row.kind is not RowKind.MOVED for row in rows)


def _is_rewritten(rows: Sequence[ParagraphDiff]) -> bool:
    lengths = dict.fromkeys(TextChange, 0)
    for row in rows:
        for piece in row.pieces if row.kind is not RowKind.LEFT else ():
            lengths[piece.change] += len(piece.text)
    same, added, removed = lengths[TextChange.SAME], lengths[TextChange.ADDED], lengths[TextChange.REMOVED]
    return min(added, removed) >= _MIN_REWRITTEN and same < _KEPT_SHARE * (same + min(added, removed))


def _headline_kind(row: ParagraphDiff, names: frozenset[str]) -> EditKind:
    if _is_typo(row, names):
        return EditKind.TYPO
    texts = [_join(side) for side in (row.before, row.after)]
    old, new = (set(similarity_terms(text)) for text in texts)
    denied, denies = ({*tokenize(text.casefold())} & _NEGATIONS for text in texts)
    facts = any(_numbers(run.removed) != _numbers(run.added) for run in _runs(row))
    facts = facts or any(_differ(_names(run.removed, names), _names(run.added, names)) for run in _runs(row))
    common = len(old & new) / max(min(len(old), len(new)), 1)
    says_other = facts or denied != denies or common < _SAME_HEADLINE
    return EditKind.HEADLINE if says_other else EditKind.REWORDED


def _paragraph_kinds(row: ParagraphDiff, names: frozenset[str]) -> Iterator[EditKind]:
    if row.kind in {RowKind.ADDED, RowKind.REMOVED}:
        yield EditKind(row.kind.value)
        return
    if row.kind is RowKind.MOVED:
        yield EditKind.ORDER
    if _is_typo(row, names):
        yield EditKind.TYPO
        return
    for run in _runs(row):
        if _is_slip(run, names):
            continue
        if _differ(_numbers(run.removed), _numbers(run.added)):
            yield EditKind.NUMBERS
        elif _differ(_names(run.removed, names), _names(run.added, names)):
            yield EditKind.NAMES
        else:
            yield EditKind.QUOTES if run.is_quoted or row.role is Role.QUOTE else EditKind.WORDING


def _differ(old: frozenset[str], new: frozenset[str]) -> bool:
    return bool(old - new and new - old)


def _numbers(text: str) -> frozenset[str]:
    words = {word for word in map(str.casefold, _WORD.findall(text)) if _NUMBER_WORD.fullmatch(word)}
    return frozenset(words | {number.strip(".,:") for number in _NUMBER.findall(text)})


def _names(text: str, names: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in _CAPITALISED.findall(text) if word in names)


def _find_names(versions: Sequence[ArticleFields]) -> frozenset[str]:
    """Return capitalised words that stand within sentences and nowhere in lower case."""
    names: set[str] = set()
    small: set[str] = set()
    nouns = versions[-1].language in _NOUNS_CAPITALISED
    for version in versions:
        for text in (paragraph.text for paragraph in version.all_paragraphs):
            small.update(word for word in _WORD.findall(text) if word[0].islower())
            for found in _CAPITALISED.finditer(text):
                before = text[: found.start()][-40:]
                is_name = not nouns or _CAPITALISED.fullmatch((before.split() or [""])[-1])
                if is_name and not _SENTENCE_START.search(before):
                    names.add(found[0])
    return frozenset(name for name in names if name.casefold() not in small)


def _runs(row: ParagraphDiff) -> Iterator[_Run]:
    """Yield the replaced words of a paragraph."""
    old_depth = new_depth = 0
    before = ""
    waiting: tuple[str, bool] | None = None
    for piece in (*row.pieces, DiffPiece(change=TextChange.SAME, text="")):
        if piece.change is TextChange.REMOVED:
            waiting = (piece.text, old_depth > 0)
            old_depth = _count_quotes(piece.text, old_depth)
            continue
        if piece.change is TextChange.ADDED:
            removed, quoted = waiting or ("", False)
            yield _Run(removed, piece.text, before, quoted or new_depth > 0)
            waiting = None
            new_depth = _count_quotes(piece.text, new_depth)
        else:
            if waiting is not None:
                yield _Run(waiting[0], "", before, waiting[1])
                waiting = None
            old_depth, new_depth = _count_quotes(piece.text, old_depth), _count_quotes(piece.text, new_depth)
        before += piece.text


def _count_quotes(text: str, depth: int) -> int:
    """Return how many quotations are open after a text. A straight mark opens one or closes it."""
    for character in text:
        if character == '"':
            depth = 0 if depth else 1
        elif character in _CLOSING or (character == "“" and depth):  # “ closes a German quotation
            depth = max(depth - 1, 0)
        elif character in _OPENING:
            depth += 1
    return depth


def _is_typo(row: ParagraphDiff, names: frozenset[str]) -> bool:
    runs = list(_runs(row))
    return bool(runs) and all(_is_slip(run, names) for run in runs)


def _is_slip(run: _Run, names: frozenset[str]) -> bool:
    """Return whether a replaced run of words can be nothing but a slip: the same letters, or a misspelt word."""
    old, new = _WORD.findall(run.removed), _WORD.findall(run.added)
    if _numbers(run.removed) != _numbers(run.added):
        return False
    if _letters(run.removed) == _letters(run.added):
        return True
    if len(old) + len(new) == 1:
        return [*old, *new] == _WORD.findall(run.before[-60:])[-1:]  # a word that was printed twice
    if len(old) != len(new) or not names.isdisjoint({*old, *new} - ({*old} & {*new})):
        return False
    return all(_is_misspelling(*pair) for pair in zip(old, new, strict=True))


def _letters(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in spread if character.isalnum())


def _is_misspelling(old: str, new: str) -> bool:
    """Return whether one word is another with a slip inside it; a changed ending or beginning may be another word.

    >>> _is_misspelling("goverment", "government"), _is_misspelling("says", "said"), _is_misspelling("teh", "the")
    (True, False, True)
    """
    if _letters(old) == _letters(new) or {old, new} == {"a", "an"}:
        return True
    start, length = Prefix.similarity(old, new), min(len(old), len(new))
    if start == length:
        return False
    end = min(Postfix.similarity(old, new), length - start)
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    if len(left) == len(right) == 2 and left == right[::-1]:
        return length >= 3
    # One letter for another makes more words than one too many or too few does: schlecht, schlicht.
    needed = 9 if left and right else 6 if end >= 2 else 8
    inside = start >= 2 and length >= needed and end >= (2 if left and right else 1)
    return inside and max(len(left), len(right)) <= 1


def _excerpts(row: ParagraphDiff) -> tuple[str | None, str | None]:
    """Return both texts of a paragraph, around the first words that differ."""
    at = len(_join(takewhile(lambda piece: piece.change is TextChange.SAME, row.pieces)))
    return tuple(_clip(_join(side), at) or None for side in (row.before, row.after))  # type: ignore[return-value]  # two


def _join(pieces: Iterable[DiffPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def _clip(text: str, at: int = 0) -> str:
    """Return an excerpt that holds a position; it begins and ends between words where there are blanks."""
    begin = max(at - _LEAD, 0)
    begin = 0 if begin == 0 else max(text.find(" ", begin, at) + 1, begin)
    end = begin + _EXCERPT
    if end < len(text):
        cut = text.rfind(" ", at, end)
        end = cut if cut > at else end
    return ("…" if begin else "") + text[begin:end].strip() + ("…" if end < len(text) else "")
