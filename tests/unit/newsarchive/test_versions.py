"""What changed between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.versions import Change, Line, Piece, compare

PARAGRAPHS = st.lists(st.text(alphabet="ab c.é", max_size=30), max_size=8)


def test_a_changed_word_is_shown_within_its_paragraph() -> None:
    """Paragraphs are matched first, then words: one new number does not make a paragraph new."""
    assert compare(["The council met. 12 spoke for it."], ["The council met. 14 spoke for it.", "More soon."]) == (
        Line(
            pieces=(
                Piece(change=Change.SAME, text="The council met. "),
                Piece(change=Change.REMOVED, text="12"),
                Piece(change=Change.ADDED, text="14"),
                Piece(change=Change.SAME, text=" spoke for it."),
            )
        ),
        Line(pieces=(Piece(change=Change.ADDED, text="More soon."),)),
    )


@given(older=PARAGRAPHS, newer=PARAGRAPHS)
def test_a_comparison_holds_both_texts_whole(older: list[str], newer: list[str]) -> None:
    """What is same or added, read in order, is the newer text; what is same or removed has every older word."""
    lines = compare(older, newer)
    new = [
        "".join(p.text for p in line.pieces if p.change is not Change.REMOVED)
        for line in lines
        if not line.pieces or any(p.change is not Change.REMOVED for p in line.pieces)
    ]
    assert [text for text in new if text] == [text for text in newer if text]
    removed_or_same = "".join(p.text for line in lines for p in line.pieces if p.change is not Change.ADDED)
    assert sorted(removed_or_same) == sorted("".join(older))


@given(text=PARAGRAPHS)
def test_a_text_does_not_differ_from_itself(text: list[str]) -> None:
    """Nothing is marked where nothing changed."""
    assert not any(line.changed for line in compare(text, text))


def test_paragraphs_that_share_little_but_white_space_are_not_taken_for_one_rewritten() -> None:
    """A replaced paragraph is shown whole gone and whole new, and not as a salad of both."""
    older = "The mayor said the road is closed."
    newer = "The train and the bus are late."
    lines = compare([older], [newer])
    assert [[(piece.change.value, piece.text) for piece in line.pieces] for line in lines] == [
        [("added", newer)],
        [("removed", older)],
    ]
