"""Regular expressions from strangers mean what Python's mean, and end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.api.linear_regex import LONGEST, Pattern

PIECES = st.sampled_from(
    [
        "a",
        "b",
        "/",
        ".",
        "a*",
        "(a|b)",
        "[ab]",
        "[^a]",
        "b+",
        "a?",
        "(ab){1,2}",
        "^",
        "$",
        r"\d",
        r"\W",
        "(a|)*",
        "(?:b)",
        "a{2,}",
        "a{2",
        "b*?",
    ]
)


@given(st.lists(PIECES, max_size=7).map("".join), st.text("ab1/", max_size=8))
def test_they_mean_what_pythons_mean(pattern: str, text: str) -> None:
    """For the whole text and for its beginning."""
    assert Pattern(pattern).fits_whole(text) is bool(re.fullmatch(pattern, text))
    assert Pattern(pattern).fits_beginning(text) is bool(re.match(pattern, text))


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)*(.*)*x", "((a+)+)+b"])
def test_none_keeps_a_processor_busy(pattern: str) -> None:
    """Each of these would take Python's own engine longer than the world has been; here it is linear in the text."""
    assert not Pattern(pattern).fits_whole("a" * 5000 + "!")


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        r"(a)\1",
        "(?=a)",
        "(?<!a)b",
        "(?i)a",
        r"\bword",
        "(a{1000}){1000}",
        "a" * (LONGEST + 1),
        "(?P<n>a)(?P=n)",
    ],
)
def test_what_is_too_much_is_refused(pattern: str) -> None:
    """With ValueError, in words; nothing else ever comes out."""
    with pytest.raises(ValueError, match=r"\w"):
        Pattern(pattern)


@given(st.text(max_size=40), st.text(max_size=20))
def test_no_text_breaks_it(pattern: str, text: str) -> None:
    """Any text is a pattern, or refused with ValueError."""
    try:
        made = Pattern(pattern)
    except ValueError:
        return
    made.fits_whole(text)
