"""Convert a reading to JSON values, the fields of `newsarchive export` that need no archive, or to text."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from storage.article_fields import article_to_json, format_time, from_article, links_to_json
from storage.model import BODY_ROLES, Outcome, Reading, Role

_MARKS = {Role.HEADING: "## ", Role.QUOTE: "> ", Role.LIST: "- ", Role.CODE: "    "}
_MARKUP = re.compile(r"([\\`*_\[\]<>#])")


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as dicts, lists and strings; keys are always in the same order."""
    line: dict[str, Any] = {"outcome": reading.outcome.value, "reason": reading.reason}
    if reading.article is not None:
        line |= article_to_json(from_article(reading.article))
    if reading.outcome not in (Outcome.ARTICLE, Outcome.PAYWALL_STUB):
        line |= {"title": reading.title, "links": links_to_json(reading.link_groups)}
    if reading.entries:
        line["entries"] = []
    for entry in reading.entries:
        published = entry.published.isoformat() if entry.published else None
        modified = format_time(entry.modified) if entry.modified else None
        fields = {"url": entry.url, "title": entry.title, "published": published, "modified": modified}
        line["entries"].append({**fields, "news": entry.news})
    if reading.sources:
        line["sources"] = [{"url": s.url, "kind": s.kind.value, "title": s.title} for s in reading.sources]
    return line


def reading_to_text(reading: Reading, form: str) -> str:
    """Return headline, dek and body as plain text (txt), Markdown (md) or XML (xml)."""
    article = reading.article
    headline, dek = (article.headline, article.dek or "") if article is not None else (reading.title or "", "")
    body = [each for each in article.paragraphs if each.role in BODY_ROLES] if article is not None else []
    if form == "xml":
        root = ET.Element("article", outcome=reading.outcome.value)
        for name, text in (("headline", headline), ("dek", dek), *((each.role.value, each.text) for each in body)):
            ET.SubElement(root, name).text = text
        return ET.tostring(root, "unicode")
    blocks = [headline, dek, *(each.text for each in body)]
    if form == "md":
        escaped = (_MARKUP.sub(r"\\\1", each).split("\n") for each in blocks)
        marks = ["# ", "", *(_MARKS.get(each.role, "") for each in body)]
        blocks = ["\n".join(mark + line for line in lines if line) for mark, lines in zip(marks, escaped, strict=True)]
    return "\n\n".join(filter(None, blocks)) + "\n"
