"""The quality of pictures, players and embedded objects, on 67 annotated pages of NEWSARCHIVE_EVAL."""

from pathlib import Path
from typing import Any, Protocol

import pytest

from storage.article_parts import Media, MediaKind
from tests.quality.scoring import MediaTally, ReadPage, fold, media_key, media_tally, text_digest


class Figures(Protocol):
    """The table of measurements (conftest.py)."""

    def add(self, part: str, key: str, value: float, name: str, *, slower: float = 1.0) -> None:
        """Record a figure, and fail if it is worse than its floor."""


@pytest.mark.slow
def test_media_of_articles(eval_folder: Path, read_once: ReadPage, figures: Figures) -> None:
    """The media of an article are found, and no others, with their captions, credits and kinds, as well as before.

    media.json was made by looking at the HTML of each page, before its reading: pictures and players in and above the
    text, and posts and frames of other sites; no portraits of authors, logos, teasers or advertisements. The pages
    stand at fixed strides in each part of the world set; to them come some of the other two sets that have several
    pictures, players or posts. Five have no media of their own. Addresses and texts are digests, as the pages belong to
    their publishers.
    """
    found = media_tally(eval_folder, read_once).figures()
    figures.add("media", "f1", found["f1"], "media: F1")
    figures.add("media", "precision", found["precision"], "media: precision")
    figures.add("media", "recall", found["recall"], "media: recall")
    figures.add("media", "caption_exact", found["caption"], "media: captions exact, of matched media")
    figures.add("media", "credit_exact", found["credit"], "media: credits exact, of matched media")
    figures.add("media", "kind", found["kind"], "media: kind, of matched media")


def test_a_copy_in_another_size_is_the_same_picture_and_a_second_row_of_it_is_wrong() -> None:
    small, large = (f"https://cdn.example/{size}/crane.jpg?w=1" for size in ("s", "l"))
    gold: list[dict[str, Any]] = [
        {"kind": "image", "url": [media_key(small), media_key(large)], "caption": text_digest(fold("The crane."))},
        {"optional": True, "kind": "image", "url": [media_key("https://cdn.example/cover.jpg")]},
        {"kind": ["video", "embed"], "url": [media_key("https://video.example/watch?v=b2")]},
    ]
    found = [
        Media(kind=MediaKind.IMAGE, url=large, caption="The Crane"),
        Media(kind=MediaKind.IMAGE, url=small),
        Media(kind=MediaKind.IMAGE, url="https://cdn.example/cover.jpg"),
        Media(kind=MediaKind.IMAGE, url="https://resizer.example/?url=https%3A%2F%2Fcdn.example%2Fportrait.jpg"),
    ]
    tally = MediaTally()
    tally.page("page", gold, found)
    assert (tally.right, tally.extra, tally.lost) == (1, 2, 1)
    assert tally.texts["caption"] == {True: 1}
    assert media_key(found[-1].url) == media_key("https://other.example/portrait.jpg")
