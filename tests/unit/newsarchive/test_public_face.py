"""What users may import."""

import newsarchive


def test_public_face_is_what_we_promise() -> None:
    """A name leaves or enters the public face only by editing this list, and each can be had."""
    face = ["Archive", "ArchiveError", "Article", "Capture", "Reading", "extract_page", "read_warc"]
    assert newsarchive.__all__ == face
    assert all(getattr(newsarchive, name).__name__ == name for name in newsarchive.__all__)
