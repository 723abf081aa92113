"""Describe in words that many known articles of a site are none any more."""

from urllib.parse import urlsplit

from storage.index.queries.visit_schedule import Answer, LapsedArticles
from storage.model import Outcome

MAX_ANSWERS = 3
"""Kinds of answers that are named."""
_PHRASES = {
    Outcome.EMPTY: "an empty body",
    Outcome.CHALLENGE: "a page that asks whether the reader is human",
    Outcome.CONSENT_WALL: "a page that asks for consent",
    Outcome.PAYWALL_STUB: "the beginning of the text only",
    Outcome.SOFT_404: 'a page that says "not found"',
    Outcome.SOFT_ERROR: "a text that the site sends in place of articles",
    Outcome.LISTING: "a list of links",
    Outcome.MEDIA: "a page without text",
    Outcome.FEED: "a feed",
    Outcome.SITEMAP: "a sitemap",
    Outcome.ASSET: "a file that is no page",
}


def describe_lapsed(lapsed: LapsedArticles, site_url: str) -> str:
    """Return a sentence such as "55 articles of 55 answer with a redirect to /sorry."."""
    head = f"{lapsed.lapsed:,} articles of {lapsed.checked:,}"
    phrases: dict[str, int] = {}
    for answer, count in lapsed.answers.items():
        phrase = describe_answer(answer, site_url)
        phrases[phrase] = phrases.get(phrase, 0) + count
    named = sorted(phrases.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(named) == 1:
        return f"{head} answer with {named[0][0]}."
    parts = [f"{count:,} answer with {phrase}" for phrase, count in named[:MAX_ANSWERS]]
    if others := sum(count for _, count in named[MAX_ANSWERS:]):
        parts.append(f"{others:,} in other ways")
    return f"{head} are no articles any more: {', '.join(parts)}."


def describe_answer(answer: Answer, site_url: str) -> str:
    """Return what a page answers, to follow "answers with"."""
    if answer.outcome is Outcome.REDIRECT and answer.redirect_url:
        target, site = urlsplit(answer.redirect_url), urlsplit(site_url)
        is_here = target.netloc.removeprefix("www.") == site.netloc.removeprefix("www.")
        return f"a redirect to {(target.path or '/') if is_here else answer.redirect_url}"
    if answer.outcome in (Outcome.ERROR, Outcome.GONE):
        is_cut = answer.status is None or 200 <= answer.status < 300
        return "an incomplete response" if is_cut else f"HTTP {answer.status}"
    return _PHRASES.get(answer.outcome, "a page that is no article")
