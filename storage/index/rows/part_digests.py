"""Digests of the parts of versions, by which versions are numbered and kinds of change are told.

Boilerplate is not among the parts: a site's new disclaimer makes no version of the articles above it.
"""

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from storage.index.engine.statements import IDS, batches
from storage.index.rows.version_parts import load_authors, select_paragraphs
from storage.index.schema.tables import ParagraphRow, VersionRow
from storage.model import BODY_ROLES, Role
from storage.observations import ChangeKind

_KINDS: dict[str, ChangeKind] = {
    Role.CAPTION.value: ChangeKind.CAPTION,
    Role.CORRECTION.value: ChangeKind.CORRECTION,
    **{role.value: ChangeKind.BODY for role in BODY_ROLES},
}


def load_part_digests(connection: Connection, version_ids: Sequence[int]) -> dict[int, str]:
    """Return the digests of the parts of versions, as `versions.parts` holds them."""
    found: dict[int, str] = {}
    for some in batches(version_ids):
        paragraphs: dict[int, dict[ChangeKind, list[bytes]]] = {version_id: {} for version_id in some}
        for version_id, role, digest, is_boilerplate in connection.execute(_PARAGRAPHS, {"ids": some}):
            kind = _KINDS.get(role)
            if kind is not None and not is_boilerplate:
                marked = digest + role.encode() if kind is ChangeKind.BODY else digest
                paragraphs[version_id].setdefault(kind, []).append(marked)
        authors = load_authors(connection, some)
        for row in connection.execute(_VERSIONS, {"ids": some}):
            parts = paragraphs[row.id]
            captions = [*parts.get(ChangeKind.CAPTION, ()), (row.image_caption or "").encode()]
            found[row.id] = format_parts(
                {
                    ChangeKind.HEADLINE: [row.headline.encode()],
                    ChangeKind.DEK: [(row.dek or "").encode()],
                    ChangeKind.BODY: parts.get(ChangeKind.BODY, ()),
                    ChangeKind.BYLINE: [name.encode() for name in authors[row.id]],
                    ChangeKind.SECTION: [(row.section or "").encode()],
                    ChangeKind.CAPTION: captions,
                    ChangeKind.CORRECTION: parts.get(ChangeKind.CORRECTION, ()),
                }
            )
    return found


def format_parts(parts: dict[ChangeKind, Iterable[bytes]]) -> str:
    """Return parts as one line of digests; empty parts are left out.

    >>> format_parts({ChangeKind.HEADLINE: [b"Rain"], ChangeKind.DEK: [b""]})
    'headline:a6d20aa6a4c7'
    """
    contents = ((kind, [text for text in texts if text]) for kind, texts in parts.items())
    digests = {kind: hashlib.sha256(b"\0".join(texts)).hexdigest()[:12] for kind, texts in contents if texts}
    return " ".join(f"{kind.value}:{digest}" for kind, digest in digests.items())


_PARAGRAPHS = select_paragraphs(ParagraphRow.digest)
_VERSIONS = select(
    VersionRow.id, VersionRow.headline, VersionRow.dek, VersionRow.section, VersionRow.image_caption
).where(VersionRow.id.in_(IDS))
