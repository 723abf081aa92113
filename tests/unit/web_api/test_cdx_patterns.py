"""Regular expressions of clients mean what Python's mean, and take linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.api.cdx import MAX_PATTERN_LENGTH, compile_pattern

PIECES = st.sampled_from(r"a b / . a* (a|b) [ab] [^a] b+ a? (ab){1,2} ^ $ \d \W (a|)* (?:b) a{2,} a{2 b*?".split())


@given(st.lists(PIECES, max_size=7).map("".join), st.text("ab1/", max_size=8))
def test_patterns_match_as_in_python(pattern: str, text: str) -> None:
    """For the whole text and for its beginning."""
    compiled = compile_pattern(pattern)
    assert bool(compiled.fullmatch(text)) is bool(re.fullmatch(pattern, text))
    assert bool(compiled.match(text)) is bool(re.match(pattern, text))


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)*(.*)*x", "((a+)+)+b"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    """Each of these backtracks for ever in Python's own engine; in RE2 it is linear in the text."""
    assert not compile_pattern(pattern).fullmatch("a" * 5000 + "!")


@pytest.mark.parametrize(
    "pattern",
    ["(", r"(a)\1", "(?=a)", "(?<!a)b", "(a{1000}){1000}", "a" * (MAX_PATTERN_LENGTH + 1), "(?P<n>a)(?P=n)", "\udc80"],
)
def test_invalid_patterns_are_refused(pattern: str) -> None:
    """With a ValueError that has a message, and no other exception."""
    with pytest.raises(ValueError, match=r"\w"):
        compile_pattern(pattern)


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    """No text causes another exception than ValueError."""
    try:
        compiled = compile_pattern(pattern)
    except ValueError:
        return
    compiled.fullmatch(text)
