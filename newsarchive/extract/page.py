"""The steps of reading, in the order they happen. Read this first."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import trafilatura
from storage.model import Article, Discovery, Outcome, Paragraph, Reading, Role


def read(
    payload: bytes,
    *,
    url: str,
    headers: Sequence[tuple[str, str]],
    discovery: Discovery | None = None,
    fetched_at: datetime | None = None,
    status: int = 200,
) -> Reading:
    """Say what a payload is and what stands in it. Never raises on what the bytes are.

    `payload` has its content coding undone.
    """
    digest = hashlib.sha256(payload).hexdigest()
    found = trafilatura.bare_extraction(payload, url=url, fast=True, include_comments=False) if payload else None
    if found is None or isinstance(found, dict) or not found.text:
        return Reading(outcome=Outcome.OTHER, reason="no text", content_digest=f"sha256:{digest}")
    paragraphs = tuple(Paragraph(role=Role.TEXT, text=line) for line in found.text.splitlines() if line.strip())
    article = Article(url=url, canonical_url=url, headline=found.title or paragraphs[0].text, paragraphs=paragraphs)
    return Reading(
        outcome=Outcome.ARTICLE,
        reason=f"{len(paragraphs)} paragraphs",
        article=article,
        title=article.headline,
        content_digest=f"sha256:{digest}",
    )


def extract_page(payload: bytes, url: str, headers: Sequence[tuple[str, str]] = ()) -> Reading:
    """Read one HTML page on its own."""
    return read(payload, url=url, headers=headers)
