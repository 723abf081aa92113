"""The changes of paragraphs and words between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.diff.paragraphs import (
    DiffBudget,
    DiffPiece,
    ParagraphPair,
    TextChange,
    align_paragraphs,
    diff_words,
    tokenize,
)

Pieces = tuple[DiffPiece, ...]


def compare_paragraphs(older: list[str], newer: list[str]) -> list[Pieces]:
    return [
        diff_words("" if pair.older is None else older[pair.older], "" if pair.newer is None else newer[pair.newer])
        for pair in align_paragraphs(older, newer)
    ]


PARAGRAPHS = st.lists(st.text(alphabet="ab c.é", max_size=30), max_size=8)


def test_a_changed_word_is_shown_within_its_paragraph() -> None:
    """Paragraphs are matched first, then words: one new number does not make a paragraph new."""
    assert compare_paragraphs(
        ["The council met. 12 spoke for it."], ["The council met. 14 spoke for it.", "More soon."]
    ) == [
        (
            DiffPiece(change=TextChange.SAME, text="The council met. "),
            DiffPiece(change=TextChange.REMOVED, text="12"),
            DiffPiece(change=TextChange.ADDED, text="14"),
            DiffPiece(change=TextChange.SAME, text=" spoke for it."),
        ),
        (DiffPiece(change=TextChange.ADDED, text="More soon."),),
    ]


@given(older=PARAGRAPHS, newer=PARAGRAPHS)
def test_a_comparison_holds_both_texts_whole(older: list[str], newer: list[str]) -> None:
    """What is same or added, read in order, is the newer text; what is same or removed has every older word."""
    lines = compare_paragraphs(older, newer)
    new = [
        "".join(p.text for p in line if p.change is not TextChange.REMOVED)
        for line in lines
        if not line or any(p.change is not TextChange.REMOVED for p in line)
    ]
    assert [text for text in new if text] == [text for text in newer if text]
    removed_or_same = "".join(p.text for line in lines for p in line if p.change is not TextChange.ADDED)
    assert sorted(removed_or_same) == sorted("".join(older))


@given(text=PARAGRAPHS)
def test_a_text_does_not_differ_from_itself(text: list[str]) -> None:
    """Equal texts have no marks."""
    assert all(piece.change is TextChange.SAME for line in compare_paragraphs(text, text) for piece in line)


def test_paragraphs_that_share_little_but_white_space_are_not_taken_for_one_rewritten() -> None:
    """A replaced paragraph is shown as removed and added, not as a mixture of words."""
    older = "The mayor said the road is closed."
    newer = "The train and the bus are late."
    lines = compare_paragraphs([older], [newer])
    assert [[(piece.change.value, piece.text) for piece in line] for line in lines] == [
        [("removed", older)],
        [("added", newer)],
    ]


def test_a_moved_paragraph_is_neither_gone_nor_new() -> None:
    """A moved paragraph is reported once as moved; the longer run of text stays in place."""
    older = ["The first of three.", "The second of three, which is long.", "The third of three, which is long."]
    assert align_paragraphs(older, [older[1], older[2], older[0]]) == (
        ParagraphPair(older=1, newer=0),
        ParagraphPair(older=2, newer=1),
        ParagraphPair(older=0, newer=2, moved=True),
    )


def test_a_moved_paragraph_may_also_be_rewritten() -> None:
    """It is recognized by its words, wherever it is."""
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
    assert [pair.moved for pair in align_paragraphs(older, newer)] == [False, False, True]
    moved = compare_paragraphs(older, newer)[2]
    assert [piece.text for piece in moved if piece.change is not TextChange.SAME] == ["nine", "ten"]


def test_removed_paragraphs_are_shown_in_place() -> None:
    """Between the neighbours that it had."""
    assert align_paragraphs(["a a", "b b", "c c"], ["a a", "c c"]) == (
        ParagraphPair(older=0, newer=0),
        ParagraphPair(older=1, newer=None),
        ParagraphPair(older=2, newer=1),
    )


TEXTS = st.text(alphabet="ab c.é東京ไม่मी'\u0301שלום\u200d", max_size=60)


@given(text=TEXTS)
def test_tokens_are_all_of_a_text(text: str) -> None:
    """No character is lost or repeated, in any script."""
    assert "".join(tokenize(text)) == text


@given(older=TEXTS, newer=TEXTS, steps=st.sampled_from([0, 5, 2_000_000]))
def test_pieces_hold_both_texts_whole(older: str, newer: str, steps: int) -> None:
    """What is same or added is the newer text, what is same or removed the older one, however little may be done."""
    pieces = diff_words(older, newer, DiffBudget(steps))
    assert "".join(piece.text for piece in pieces if piece.change is not TextChange.REMOVED) == newer
    assert "".join(piece.text for piece in pieces if piece.change is not TextChange.ADDED) == older
    assert all(piece.text for piece in pieces)


def test_a_character_is_a_word_in_unspaced_scripts() -> None:
    """One new character in Chinese text marks that character, not the sentence."""
    assert [(p.change.value, p.text) for p in diff_words("市长周一宣布关闭港口。", "市长周二宣布关闭港口。")] == [
        ("same", "市长周"),
        ("removed", "一"),
        ("added", "二"),
        ("same", "宣布关闭港口。"),
    ]


def test_a_replaced_phrase_is_shown_whole() -> None:
    """Accidental matches, such as a space or "of", do not split it."""
    assert [(p.change.value, p.text) for p in diff_words("the end of a year ago", "the price for two boats ago")] == [
        ("same", "the "),
        ("removed", "end of a year"),
        ("added", "price for two boats"),
        ("same", " ago"),
    ]


def test_work_does_not_grow_with_the_square_of_the_text() -> None:
    """A text beyond the budget is not compared, and what is left suffices for others."""
    effort = DiffBudget(10_000)
    assert [piece.change.value for piece in diff_words("ab " * 20_000, "ba " * 20_000, effort)] == [
        "removed",
        "added",
        "same",
    ]
    assert len(diff_words("a new harbour", "an old harbour", effort)) == 3
    assert 9_900 < effort.remaining < 10_000
    many = ["same"] * 3_000
    assert len(align_paragraphs(many, [*many, "new"])) == 3_001
