"""Search documents: the analysed words of one version, as the inverted index of each database takes them."""

from dataclasses import dataclass

from storage.index.text.bigram_signature import build_signature
from storage.model import BODY_ROLES, Role

SEARCHED_ROLES = BODY_ROLES | {Role.CAPTION, Role.CORRECTION}
"""Roles of the paragraphs that a document contains."""
_LAST_POSITION = 16383
"""tsvector has no higher positions: later words are found, phrases of them are not."""
_GAP = 10
"""Positions between parts, so that no phrase extends from one into the next."""
_MAX_TSVECTOR_CHARACTERS = 500_000
"""As text; PostgreSQL stores at most 1 MB."""
_MAX_POSITIONS = 100
"""Positions of one word in a tsvector that is too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """One version as it is searched."""

    doc_id: int
    version_id: int
    article_id: int
    site_id: int
    excluded_paragraphs: int
    filter_terms: str
    headline: list[str]
    dek: list[str]
    body: list[str]
    names: list[str]
    stems: set[str]

    @property
    def fts_columns(self) -> tuple[str, ...]:
        """Words by column, as FTS5 takes them."""
        columns = (self.headline, self.dek, self.body, self.names, sorted(self.stems))
        return tuple(" ".join(words) for words in columns)

    @property
    def bigram_signature(self) -> bytes | None:
        """Bloom filter of adjacent words, for PostgreSQL."""
        return build_signature((self.headline, self.dek, self.body, self.names))

    @property
    def tsvector(self) -> str:
        """Words with positions and weights, and stems marked by "=", as PostgreSQL reads a tsvector."""
        positions: dict[str, str] = {}
        start = 1
        for words, weight in ((self.headline, "A"), (self.dek, "B"), (self.body, ""), (self.names, "C")):
            for position, word in enumerate(words, start):
                at = f"{min(position, _LAST_POSITION)}{weight}"
                before = positions.get(word)
                positions[word] = f"{before},{at}" if before is not None else at
            start += len(words) + _GAP
        lexemes = [f"'{word}':{at}" for word, at in positions.items()]
        lexemes += [f"'={stem}'" for stem in sorted(self.stems)]
        return " ".join(_truncate(lexemes))


def _truncate(lexemes: list[str]) -> list[str]:
    """Return the first lexemes that fit into a tsvector, each with its first positions."""
    if sum(map(len, lexemes)) <= _MAX_TSVECTOR_CHARACTERS:
        return lexemes
    fitting: list[str] = []
    room = _MAX_TSVECTOR_CHARACTERS
    for lexeme in lexemes:
        shortened = ",".join(lexeme.split(",")[:_MAX_POSITIONS])
        room -= len(shortened)
        if room < 0:
            break
        fitting.append(shortened)
    return fitting
