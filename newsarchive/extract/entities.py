"""Read what the JSON-LD of an article names: subjects, mentions and sources, and the entries of a live blog."""

from collections.abc import Iterator

from newsarchive.extract.jsonld import JsonLd, Node, as_list, find_live_blog, node_types, resolve_references, text_of
from newsarchive.extract.parse_date import parse_iso_date
from newsarchive.extract.stated_media import MAX_URL, plain_text
from newsarchive.extract.tree import resolve_link
from storage.article_parts import Entity, EntityRelation, LiveUpdate

_MAX_ENTITIES = 100  # of each relation
_MAX_UPDATES = 1_000
_MAX_NAME = 300
_MAX_TYPE = 100
_MAX_TEXT = 20_000


def read_entities(jsonld: JsonLd, base: str) -> Iterator[Entity]:
    """Yield what an article is about, mentions and is based on, and its source organization, each once.

    `base`: the URL against which relative ones are resolved.
    """
    for relation in EntityRelation:
        values = resolve_references(jsonld.article.get(relation.value), jsonld.nodes)
        found = (_read_entity(relation, value, base) for value in as_list(values)[:_MAX_ENTITIES])
        yield from dict.fromkeys(filter(None, found))


def _read_entity(relation: EntityRelation, value: object, base: str) -> Entity | None:
    node: Node = value if isinstance(value, dict) else {}
    name = plain_text(value, _MAX_NAME)
    stated = [each for key in ("sameAs", "url", "@id") for each in as_list(node.get(key)) if isinstance(each, str)]
    stated += [name] if name.startswith(("http://", "https://", "/")) else []
    url = next((url for each in stated if len(each) < MAX_URL and (url := resolve_link(base, each))), None)
    if not name and url is None:
        return None
    kind = next((each for each in sorted(node_types(node)) if len(each) < _MAX_TYPE), None)
    return Entity(relation=relation, type=kind, name=name or url or "", url=url)


def read_live_updates(jsonld: JsonLd, url: str, base: str) -> Iterator[LiveUpdate]:
    """Yield the entries of the live blog of a page, in the order of its data; without text and headline none."""
    reference = {"@id", "@type"}
    named = (node for node in jsonld.nodes if isinstance(node.get("@id"), str) and not node.keys() <= reference)
    by_id = {node["@id"]: node for node in named}
    for node in as_list(find_live_blog(jsonld, url).get("liveBlogUpdate"))[:_MAX_UPDATES]:
        if not isinstance(node, dict):
            continue
        entry: Node = by_id.get(str(node.get("@id")), node) if node.keys() <= reference else node
        headline = plain_text(entry.get("headline") or entry.get("name"), _MAX_NAME)
        text = plain_text(entry.get("articleBody") or entry.get("text") or entry.get("description"), _MAX_TEXT)
        if headline or text:
            dates = (parse_iso_date(text_of(entry.get(key))) for key in ("datePublished", "dateModified"))
            published, modified = (date.isoformat() if date else None for date in dates)
            href = text_of(entry.get("url") or entry.get("@id"))
            link = resolve_link(base, href) if len(href) < MAX_URL else None
            yield LiveUpdate(headline=headline or None, text=text, published=published, modified=modified, url=link)
