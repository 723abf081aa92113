"""Decoding of payloads."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.decode import PayloadType, declared_codec, decode, sniff_type, to_utf8

RUSSIAN = "В Заречье снова ходит трамвай, и кондуктор раздаёт билеты на память."


@given(st.binary(max_size=2000), st.text(max_size=20))
def test_decoding_never_fails(payload: bytes, charset: str) -> None:
    """Any bytes under any declared encoding give text without NUL."""
    assert "\0" not in decode(payload, [("Content-Type", f"text/html; charset={charset}")])


@given(st.text().filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_valid_utf8_is_never_another_encoding(text: str) -> None:
    """Valid UTF-8 is decoded as UTF-8, whatever is declared."""
    payload = text.encode("utf-8", "surrogatepass")
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not payload.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assert decode(payload, [("content-type", "text/html; charset=windows-1251")]) == text


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        pytest.param(RUSSIAN.encode("cp1251"), [("Content-Type", "text/html; charset=windows-1251")], id="by HTTP"),
        pytest.param(b'<meta charset="koi8-r">' + RUSSIAN.encode("koi8-r"), [], id="by meta charset"),
        pytest.param(
            b'<meta http-equiv="Content-Type" content="text/html; charset=cp1251">' + RUSSIAN.encode("cp1251"),
            [],
            id="by http-equiv",
        ),
        pytest.param(b'<?xml version="1.0" encoding="windows-1251"?>' + RUSSIAN.encode("cp1251"), [], id="by XML"),
        pytest.param(codecs.BOM_UTF16_LE + RUSSIAN.encode("utf-16-le"), [], id="by byte order mark"),
        pytest.param(
            RUSSIAN.encode(), [("Content-Type", "text/html; charset=ISO-8859-1")], id="UTF-8, declared wrongly"
        ),
        pytest.param(("<p>" + RUSSIAN * 20).encode("cp1251"), [], id="guessed"),
    ],
)
def test_encodings_are_detected(payload: bytes, headers: list[tuple[str, str]]) -> None:
    """The encoding is taken from HTTP, byte order mark, XML declaration, meta element, or last from the bytes."""
    assert RUSSIAN in decode(payload, headers)


@pytest.mark.parametrize("before", range(16380, 16386))
def test_a_long_page_in_utf8_is_returned_as_it_is(before: int) -> None:
    """At any chunk boundary; an invalid or truncated character is noticed there, too."""
    page = b"a" * before + "трамвай 🚋".encode() + b"b" * 20_000
    assert to_utf8(page) is page
    assert to_utf8(page[: before + 3]) == page[: before + 2] + "\ufffd".encode()
    assert to_utf8(page.replace(b"\xd1", b"\xff", 1)) == page.replace(b"\xd1\x82", "\ufffd\ufffd".encode(), 1)


def test_an_invalid_byte_is_not_another_encoding() -> None:
    """One invalid byte in UTF-8 costs one character, not the page."""
    assert decode(("é" * 500).encode() + b"\xff" + ("é" * 500).encode()) == "é" * 500 + "\ufffd" + "é" * 500


@pytest.mark.parametrize("name", ["rot13", "idna", "unicode_escape", "utf-7", "zip", "undefined", "../etc"])
def test_only_encodings_of_the_web_are_used(name: str) -> None:
    """A page cannot select a codec that is no text encoding."""
    assert declared_codec(f'<meta charset="{name}">'.encode()) is None


CHINESE = "这座桥在六月的第一天关闭，我们说他不是第一个来到这里的人，大家都知道了。" * 3
JAPANESE = "この橋は六月の最初の日に閉鎖されることになり、人びとはそれを知っている。" * 3
KOREAN = "이 다리는 유월의 첫날에 닫히고 사람들은 그것을 알고 있다고 말하는 이가 있다." * 3
TRADITIONAL = "這座橋在六月的第一天關閉，我們說他不是第一個來到這裡的人，大家都知道了。" * 3


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (CHINESE, "gbk"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (JAPANESE, "iso2022_jp"),
        (CHINESE, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("markup", [10, 2000], ids=["little markup", "much markup"])
def test_undeclared_encodings_are_detected_from_the_whole_text(text: str, codec: str, markup: int) -> None:
    """However much markup there is, and wherever the text stands in it."""
    page = f"<html><head><title>x</title></head><body>{'<div class=a></div>' * markup}<p>{text}</p></body></html>"
    assert decode(page.encode(codec)) == page


def test_iso_2022_jp_is_read_where_it_is_declared() -> None:
    """It consists of ASCII bytes only, so it is also valid UTF-8."""
    page = f'<meta charset="iso-2022-jp"><p>{JAPANESE}</p>'
    assert decode(page.encode("iso2022_jp")) == page
    assert JAPANESE in to_utf8(page.encode("iso2022_jp")).decode()


@pytest.mark.parametrize(
    ("language", "codec", "text"),
    [
        ("fr", "cp1252", "Le président a passé l’été à l'Élysée, où les élèves étaient déjà très occupés"),
        ("es", "cp1252", "El año pasado la señora Núñez habló de la montaña más alta de España"),
        ("it", "cp1252", "La città è più bella perché però così sarà"),
        ("pt", "cp1252", "A população não está à espera da eleição de amanhã"),
        ("pl", "iso8859_2", "Żółta gęś postanowiła zażądać łączności, śpiąc"),
        ("cs", "cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, řekli inženýři"),
        ("fr", "cp1251", RUSSIAN),
    ],
)
def test_undeclared_codec_is_that_of_the_stated_language(language: str, codec: str, text: str) -> None:
    page = f"<!doctype html><html lang='{language}'><body><p>{text}</p><p>{text}.</p><p>{text}!</p></body></html>"
    assert decode(page.encode(codec)) == page


def test_utf16_in_a_meta_element_is_utf8() -> None:
    """A declaration that can be read byte by byte is not in UTF-16, says the HTML standard."""
    assert declared_codec(b'<meta charset="utf-16">') == "utf-8"
    assert declared_codec(b"", [("Content-Type", "text/html; charset=utf-16")]) == "utf-16-le"


def test_some_invalid_bytes_in_an_undeclared_page_are_damage() -> None:
    """The rest of the page stays as it is."""
    page = ("<p>" + RUSSIAN * 5).encode()
    assert RUSSIAN in decode(page + b"\xff\xfe broken " + page)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"version": "https://jsonfeed.org/version/1.1"}', PayloadType.JSON_FEED),
        ('{"version": "1.1"}', PayloadType.ASSET),
        ("A feed names its version, such as https://jsonfeed.org/version/1.1", PayloadType.ASSET),
    ],
)
def test_a_json_feed_is_an_object_that_names_its_version(text: str, wanted: PayloadType) -> None:
    """Other JSON is none, nor is a text about JSON Feed."""
    assert sniff_type(text.encode(), "https://news.example/a", [("Content-Type", "text/plain")], None) is wanted


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_told_by_its_tags(codec: str) -> None:
    """Most of its text may be of a script whose characters have no zero byte."""
    page = f"<html><head><title>{'Паром вернулся ' * 30}</title></head><body><p>Дождь</p></body></html>"
    assert decode(page.encode(codec)) == page
    assert decode(b"<html>\0<p>Rain fell.</p></html>") == "<html><p>Rain fell.</p></html>"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_of_chinese_is_told_by_the_zeros_beside_its_tags(codec: str) -> None:
    """An ideographic space, with which Chinese paragraphs begin, has a zero on the other side."""
    paragraphs = "".join(f"<p>\u3000\u3000渡轮在早晨回到港口。{number}</p>" for number in range(40))
    page = f"<html><head><title>渡轮回来了</title></head><body>{paragraphs}</body></html>"
    assert decode(page.encode(codec)) == page
    assert sniff_type(page.encode(codec), "https://news.example/a", [], None) is PayloadType.HTML
