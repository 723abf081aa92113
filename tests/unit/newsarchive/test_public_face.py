"""The public names of the package."""

import newsarchive


def test_the_public_api_is_as_documented() -> None:
    """The public names are those of this list, and each can be imported."""
    face = ["Archive", "ArchiveError", "Article", "Capture", "Outcome", "Reading", "extract_page", "read_warc"]
    assert newsarchive.__all__ == face
    assert all(getattr(newsarchive, name).__name__ == name for name in newsarchive.__all__)
