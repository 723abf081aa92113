"""No request causes a server error. The API is tested by its OpenAPI document."""

import string
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

STORY = "http://news.example/2026/03/01/harbour-wall"
ODD = st.sampled_from(
    [
        "",
        "*",
        "%",
        "%00",
        "\0",
        "é",
        "漢字",
        "\ud7ff",
        "-1",
        "0",
        "1e9",
        "9" * 30,
        "http://",
        "http:///",
        "//",
        "..",
        "a" * 3000,
        "javascript:alert(1)",
        "[::1]",
        "http://[",
        "http://news.example:99999/",
        "%ff",
        "é:",
        "=",
        "&",
        "#",
        "?",
    ]
)
URLS = st.one_of(
    st.sampled_from([STORY, "news.example/*", "*.example", "http://news.example/old", "http://news.example/%E6%B8%AF"]),
    ODD,
)
STAMPS = st.one_of(
    st.sampled_from(["2026", "20260301060000", "0", "00000000000000", "99999999999999", "20260231", "1"]), ODD
)
WORD = st.one_of(st.text(string.printable, max_size=12), STAMPS, ODD)
CDX_NAMES = (
    "url matchType from to closest sort limit offset filter fl fields collapse output page pageSize showNumPages "
    "showResumeKey resumeKey _ gzip"
).split()
CDX_WORDS = st.one_of(
    st.sampled_from(
        "exact prefix host domain closest reverse json text cdxj true timestamp:4 urlkey,timestamp".split()
    ),
    st.sampled_from(["=status:200", "!~mime:(a|b)*c", "~url:" + "(a+)+" * 20]),
    URLS,
    WORD,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "range": st.one_of(
            st.sampled_from(["bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,2-3"]),
            st.text("bytes=-,0129", max_size=20),
        ),
        "accept": st.sampled_from(["*/*", "text/html", "application/json;q=2", ";;,", "text/html;q=x"]),
        "accept-encoding": st.sampled_from(["", "gzip", "identity;q=0", "br;q=", "*"]),
        "accept-datetime": st.one_of(
            st.just("Sun, 01 Mar 2026 06:26:00 GMT"), st.text(string.printable[:94], max_size=40)
        ),
        "if-none-match": st.sampled_from(["*", '"', 'W/"a"', '"a", "b', ","]),
        "if-range": st.sampled_from(['"a"', "Sun, 01 Mar 2026 06:26:00 GMT", "x"]),
        "if-modified-since": st.sampled_from(
            ["soon", "Sun, 99 Mar 2026 06:26:00 GMT", "Sun, 01 Mar 2026 06:26:00 -9999"]
        ),
    },
)
PATHS = [
    "/web/{stamp}id_/{url}",
    "/web/{stamp}/{url}",
    "/web/{stamp}mp_/{url}",
    "/web/{stamp}im_/{url}",
    "/web/{stamp}~{stamp}/{url}",
    "/web/{url}",
    "/timegate/{url}",
    "/timemap/link/{url}",
    "/timemap/{stamp}/link/{url}",
    "/timemap/json/{url}",
    "/timemap/{stamp}/json/{url}",
    "/warcs/{word}",
    "/exports/{word}/{word}",
    "/article/{word}",
    "/article/{word}.wacz",
    "/article/{word}/compare?a={word}&b={word}",
    "/record/{word}",
    "/site/{word}",
    "/author/{word}",
    "/tag/{word}",
    "/section/{word}/{word}",
    "/calendar?url={url}&year={word}",
    "/listing?url={url}&at={stamp}",
    "/search?q={word}&since={stamp}&page={word}",
    "/search.atom?q={word}",
    "/search.csv?site={word}",
]


def holds(client: TestClient, address: str, headers: dict[str, str]) -> None:
    """Check that there is no 5xx, and that an error has the right format."""
    answer = client.get(address, headers=headers)
    assert answer.status_code < 500, (address, headers, answer.text[:500])
    if answer.status_code >= 400:
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in {"text/html", "application/problem+json", "application/json", "text/plain"}
        assert answer.content or answer.status_code == 416


def sent(text: str) -> str:
    """Return the request as a client would encode it."""
    return urlencode({"": text})[1:].replace("%2F", "/").replace("%3A", ":")


few = settings(
    max_examples=8, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
many = settings(few, max_examples=100)


@pytest.mark.parametrize("times", [few, pytest.param(many, marks=pytest.mark.slow)], ids=["few", "many"])
@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_no_cdx_query_causes_a_server_error(client: TestClient, door: str, times: settings) -> None:
    """Any parameters, repeated any number of times."""

    @times
    @given(url=URLS, words=st.lists(st.tuples(st.sampled_from(CDX_NAMES), CDX_WORDS), max_size=6), headers=HEADERS)
    def tried(url: str, words: list[tuple[str, str]], headers: dict[str, str]) -> None:
        holds(client, f"{door}?{urlencode([('url', url), *words])}", headers)

    tried()


@pytest.mark.parametrize("times", [few, pytest.param(many, marks=pytest.mark.slow)], ids=["few", "many"])
@pytest.mark.parametrize("path", PATHS)
def test_no_url_causes_a_server_error(client: TestClient, path: str, times: settings) -> None:
    """Any URLs and headers."""

    @times
    @given(stamp=STAMPS, url=URLS, word=WORD, headers=HEADERS)
    def tried(stamp: str, url: str, word: str, headers: dict[str, str]) -> None:
        holds(client, path.format(stamp=sent(stamp), url=sent(url), word=sent(word)), headers)

    tried()
