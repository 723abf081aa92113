"""What changed between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.diff.paragraphs import Change, Line, Pair, Piece, align, compare
from newsarchive.diff.word_diff import Effort, changes, tokens

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
        [("removed", older)],
        [("added", newer)],
    ]


def test_a_moved_paragraph_is_neither_gone_nor_new() -> None:
    """What stands elsewhere now is told as moved, once, and the longer run of text stays where it was."""
    older = ["The first of three.", "The second of three, which is long.", "The third of three, which is long."]
    assert align(older, [older[1], older[2], older[0]]) == (
        Pair(older=1, newer=0),
        Pair(older=2, newer=1),
        Pair(older=0, newer=2, moved=True),
    )


def test_a_paragraph_may_be_moved_and_rewritten() -> None:
    """Its words tell which it was, wherever it stands."""
    older = [
        "A ferry left the harbour at nine with forty people.",
        "Rain fell all day and all night on the whole of the coast.",
        "The mayor was silent.",
    ]
    newer = [
        "Rain fell all day and all night on the whole of the coast.",
        "The mayor was silent.",
        "A ferry left the harbour at ten with forty people.",
    ]
    lines = compare(older, newer)
    assert [(line.moved, line.changed) for line in lines] == [(False, False), (False, False), (True, True)]
    assert [piece.text for piece in lines[2].pieces if piece.change is not Change.SAME] == ["nine", "ten"]


def test_what_is_gone_stands_where_it_was() -> None:
    """Between the neighbours that it had."""
    assert align(["a a", "b b", "c c"], ["a a", "c c"]) == (
        Pair(older=0, newer=0),
        Pair(older=1, newer=None),
        Pair(older=2, newer=1),
    )


TEXTS = st.text(alphabet="ab c.é東京ไม่मी'\u0301שלום\u200d", max_size=60)


@given(text=TEXTS)
def test_tokens_are_all_of_a_text(text: str) -> None:
    """No character is lost or told twice, in any script."""
    assert "".join(tokens(text)) == text


@given(older=TEXTS, newer=TEXTS, steps=st.sampled_from([0, 5, 2_000_000]))
def test_pieces_hold_both_texts_whole(older: str, newer: str, steps: int) -> None:
    """What is same or added is the newer text, what is same or removed the older one, however little may be done."""
    pieces = changes(older, newer, Effort(steps))
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == newer
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == older
    assert all(piece.text for piece in pieces)


def test_a_character_is_a_word_where_there_are_no_spaces() -> None:
    """One new character in Chinese text marks that character, not the sentence."""
    assert [(p.change.value, p.text) for p in changes("市长周一宣布关闭港口。", "市长周二宣布关闭港口。")] == [
        ("same", "市长周"),
        ("removed", "一"),
        ("added", "二"),
        ("same", "宣布关闭港口。"),
    ]


def test_a_replaced_phrase_is_told_whole() -> None:
    """Chance meetings, a space or an "of", do not cut it into pieces."""
    assert [(p.change.value, p.text) for p in changes("the end of a year ago", "the price for two boats ago")] == [
        ("same", "the "),
        ("removed", "end of a year"),
        ("added", "price for two boats"),
        ("same", " ago"),
    ]


def test_work_does_not_grow_with_the_square_of_the_text() -> None:
    """A thousand paragraphs made to be compared badly take the steps that are allowed, and no more."""
    effort = Effort(10_000)
    changes("ab " * 20_000, "ba " * 20_000, effort)
    assert -200_000 < effort.left <= 0
    many = ["same"] * 3_000
    assert len(align(many, [*many, "new"])) == 3_001
