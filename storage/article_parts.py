"""Parts of an article beside its text: pictures and media, what it names for machines, and entries of a live blog."""

from dataclasses import dataclass
from enum import StrEnum

from storage.pickling import pickle_by_slots


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The lead image."""

    url: str
    caption: str | None = None


class MediaKind(StrEnum):
    """Kind of a picture or medium in an article."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PODCAST = "podcast"
    EMBED = "embed"
    """A post, map, chart or document of another site."""


class EntityRelation(StrEnum):
    """Property of schema.org by which an article names an entity."""

    ABOUT = "about"
    MENTIONS = "mentions"
    BASED_ON = "isBasedOn"
    SOURCE_ORGANIZATION = "sourceOrganization"


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, video, audio, podcast or embedded object of an article, in the order of the page."""

    kind: MediaKind
    url: str
    """Absolute, as the page embeds it: the file, or the player."""
    caption: str | None = None
    """As printed; of a video or audio without one, its title."""
    credit: str | None = None
    """Photographer, agency or rights holder, as printed or as the page's data has it."""
    alt: str | None = None
    """Text alternative of a picture, title of a frame."""
    place: int = 0
    """Number of the article's paragraphs above it; boilerplate is not counted in what an archive returns."""
    duration: int | None = None
    """Seconds; None if the page does not say."""
    transcript_url: str | None = None
    """Transcript, subtitles or captions."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A thing that the JSON-LD of a page names as subject, mention or source of its article."""

    relation: EntityRelation
    type: str | None
    """Type of schema.org, such as Person, Place or Organization; None if the page does not say."""
    name: str
    """The URL if the page gives no name."""
    url: str | None = None
    """Its `sameAs`, `url` or `@id`: an absolute URL."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveUpdate:
    """An entry of a live blog (schema.org liveBlogUpdate), in the order of the page."""

    headline: str | None
    text: str
    published: str | None = None
    """ISO 8601, as the page states it; without a time or an offset if it has none."""
    modified: str | None = None
    url: str | None = None
