"""The public names of the package."""

import newsarchive


def test_the_public_api_is_as_documented() -> None:
    """The public names are those of this list, and each can be imported."""
    face = [
        "Archive", "ArchiveError", "ArchivedArticle", "Article", "ArticleItem", "Capture", "CaptureView", "ChangeView",
        "CrawlResult", "ListingCapture", "Outcome", "Placement", "Reading", "SaveResult", "SearchHit", "SiteSpider",
        "extract_page", "read_warc",
    ]  # fmt: skip
    assert newsarchive.__all__ == face
    assert all(getattr(newsarchive, name).__name__ == name for name in newsarchive.__all__)
    methods = [name for name in vars(newsarchive.Archive) if not name.startswith("_")]
    assert methods == [
        "open", "init", "close", "articles", "versions", "search", "captures", "listings", "changes", "placements",
        "crawl", "save",
    ]  # fmt: skip
