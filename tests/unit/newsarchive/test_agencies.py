"""News agencies in bylines, datelines and closing lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.agencies import find_agencies


@pytest.mark.parametrize(
    ("text", "agencies"),
    [
        ("BERLIN (dpa) - Es regnet.", ["dpa"]),
        ("Berlin (dpa/lno) - Es regnet.", ["dpa"]),
        ("WASHINGTON (AP) — It rains.", ["AP"]),
        ("LONDON, Nov 3 (Reuters) - It rains.", ["Reuters"]),
        ("Paris, 3 nov 2026 (AFP) - Il pleut.", ["AFP"]),
        ("MOSCOW, November 3. /TASS/. It rains.", ["TASS"]),
        ("(ANSA) - ROMA, 03 NOV - Piove.", ["ANSA"]),
        ("Madrid, 3 nov (EFE).- Llueve.", ["EFE"]),
        ("TOKYO, Nov. 3 (Kyodo) -- It rains.", ["Kyodo"]),
        ("Wien (APA/dpa) – Es regnet.", ["APA", "dpa"]),
        ("新华社北京11月3日电 下雨了。", ["Xinhua"]),
        ("He works at dpa (the agency) in Berlin.", []),
        ("The PA (Personal Assistant) came early.", []),
        ("Reuters was founded in London.", []),
    ],
)
def test_dateline(text: str, agencies: list[str]) -> None:
    """An agency in brackets before the text, not one of which the text tells."""
    assert list(find_agencies([], [text, "It goes on.", "It ends."])) == agencies


@pytest.mark.parametrize(
    ("text", "agencies"),
    [
        ("dpa", ["dpa"]),
        ("(dpa)", ["dpa"]),
        ("Quelle: dpa", ["dpa"]),
        ("© AFP", ["AFP"]),
        ("sda/dpa", ["Keystone-SDA", "dpa"]),
        ("He went home. (APA/dpa)", ["APA", "dpa"]),
        ("He went home. — Reuters", ["Reuters"]),
        ("He met people of the AP.", []),
        ("He liked Reuters", []),
    ],
)
def test_closing_line(text: str, agencies: list[str]) -> None:
    """A line of its own below the text, or the end of its last line."""
    assert list(find_agencies([], ["It rains.", "It goes on.", text])) == agencies


def test_byline_names_agencies_by_any_of_their_names() -> None:
    """Each is one agency, by its short name; a name of two letters is one only as it is written."""
    names = ["Jane Roe", "The Associated Press", "dpa/AFP", "Ritzau", "NTB", "pa", "DPA", "Belga", "ANP", "TT"]
    assert find_agencies(names) == ("AP", "dpa", "AFP", "Ritzau", "NTB", "Belga", "ANP", "TT")


@given(st.lists(st.text(max_size=400), max_size=5), st.lists(st.text(max_size=60), max_size=3))
def test_any_text_has_an_answer(paragraphs: list[str], names: list[str]) -> None:
    """Each agency once."""
    found = find_agencies(names, paragraphs)
    assert len(set(found)) == len(found)
