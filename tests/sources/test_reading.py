"""What is made of a document: JSON, text, or rows, and what is said where it is none of them."""

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.schema import MAX_DEPTH
from headchef.sources.errors import FetchFailed
from headchef.sources.page import seen_of
from headchef.sources.reading import read
from headchef.sources.rows import MAX_ROWS, BadRows, rows_of


def made(
    body: bytes, read_as: Any = "text", content_type: str | None = "text/plain", charset: str | None = None
) -> Any:
    return read(body, read_as, content_type, charset, "https://a.example/x")


def fault(
    body: bytes, read_as: Any = "text", content_type: str | None = "text/plain", charset: str | None = None
) -> str:
    with pytest.raises(FetchFailed) as failed:
        made(body, read_as, content_type, charset)
    assert (failed.value.reason, failed.value.may_pass) == ("unreadable", False)
    return failed.value.message.removeprefix("https://a.example/x ")


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("5 € Käse".encode(), None),
        ("5 € Käse".encode("cp1252"), "ISO-8859-1"),
        ("5 € Käse".encode("cp1252"), "windows-1252"),
        ("5 € Käse".encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF8 + "5 € Käse".encode(), "iso-8859-1"),
        ("5 € Käse".encode(), ""),
    ],
)
def test_text_is_read_in_the_charset_that_is_named(body: bytes, charset: str | None) -> None:
    assert made(body, charset=charset) == "5 € Käse"


def test_a_page_may_name_its_charset() -> None:
    page = "<html><head><meta charset='windows-1251'></head><p>Сыр</p>"
    assert made(page.encode("cp1251"), content_type="text/html") == "Сыр"
    assert made(page.encode(), content_type="text/html", charset="utf-8") == "Сыр"
    assert made(b"<meta charset=utf-16><p>x", content_type="text/html") == "x"


@pytest.mark.parametrize(
    ("body", "charset", "message"),
    [
        (b"K\xe4se", None, "is not written in utf-8, and its server names no other charset: byte 1 is wrong"),
        (b"K\xe4se", "utf-8", "is not written in utf-8, as its server says: byte 1 is wrong"),
        (b"x", "klingon", "names a charset that is not known: 'klingon'"),
        (b"x", "unicode_escape", "names a charset that is not known: 'unicode_escape'"),
        (b"x", "base64", "names a charset that is not known: 'base64'"),
    ],
)
def test_no_charset_is_guessed(body: bytes, charset: str | None, message: str) -> None:
    assert fault(body, charset=charset) == message


def test_what_is_no_text_is_not_read_as_one() -> None:
    assert fault(b"%PDF-1.7", content_type="application/pdf") == "is application/pdf, which is no text"
    assert made(b'{"a": 1}', content_type="application/ld+json") == '{"a": 1}'
    assert made(b"x", content_type=None) == "x"


def test_json_is_parsed() -> None:
    assert made('{"name": "Käse"}'.encode(), "json", "application/json") == {"name": "Käse"}
    assert made(codecs.BOM_UTF8 + b"[1]", "json", None) == [1]


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b'{"a": 1,}', "application/json", "is no JSON (application/json): line 1, column 8: "),
        (b"<html>secret</html>", "text/html", "is no JSON (text/html): line 1, column 1: "),
        (b"", None, "is no JSON: line 1, column 1: "),
        (b"[" * 5_000, None, "is no JSON: "),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), None, f"is nested more than {MAX_DEPTH} levels deep"),
    ],
)
def test_what_is_no_json_is_told_where(body: bytes, content_type: str | None, message: str) -> None:
    said = fault(body, "json", content_type)
    assert said.startswith(message)
    assert "secret" not in said


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_named_by_the_first_one(delimiter: str, end: str) -> None:
    lines = [["name", "price, EUR"], ["Käse", "5;10"], ["two\nlines", '"quoted"']]
    text = end.join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in lines) + end
    assert made(codecs.BOM_UTF8 + text.encode(), "csv", "text/csv") == [
        {"name": "Käse", "price, EUR": "5;10"},
        {"name": "two\nlines", "price, EUR": '"quoted"'},
    ]


def test_a_comma_in_a_name_parts_nothing() -> None:
    assert rows_of("name;price, EUR\nCheese;5,10\n") == [{"name": "Cheese", "price, EUR": "5,10"}]


def test_one_column_and_no_rows_are_a_table() -> None:
    assert rows_of("name\n\na\n") == [{"name": "a"}]
    assert rows_of("name,price\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty; its first row must name the fields"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, and the first row 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 fields, and the first row 2"),
        ("a,,b\n", "field 2 of the first row is empty, and must name a field"),
        ("a,b,a\n", "fields 1 and 3 of the first row are the same"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("a\n" + "1\n" * (MAX_ROWS + 1), "it has more than 100,000 rows"),
        (",".join(map(str, range(1_001))), "its first row has 1,001 fields; at most 1,000 are read"),
        (
            "a" * 130_000 + "\n" + "1\n" * 1_000,
            "its rows have over 67,108,864 characters, the names of fields in each of them",
        ),
    ],
)
def test_what_is_no_table_is_told_where(text: str, message: str) -> None:
    with pytest.raises(BadRows) as bad:
        rows_of(text)
    assert str(bad.value) == message


def test_a_page_is_no_table() -> None:
    assert fault(b"<p>Please log in", "csv", "text/html") == "is a web page, and no CSV"


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("<p>a <b>bold</b>\n word<br>x</p>y", "a bold word\nx\ny"),
        ("<title>t</title><h1>A &amp; B</h1>5&nbsp;&euro;", "A & B\n5 €"),
        ("<script>1<2</script>a<style>p{}</style>b<noscript>c</noscript><template>d</template>", "ab"),
        ("<nav><ul><li>Home<li>Shop</ul></nav><main>a</main><footer>b</footer>", "a\nb"),
        ("a<div hidden><p>b<br><p>c</div>d<span style='color: red; display : none'>e<img></span>f", "adf"),
        ("<table><tr><th>n<th>p<tr><td>a<td>1<tr><td><td>2<tr><td></td><td></td></table>", "n | p\na | 1\n| 2"),
        ("<pre>if a:\n  b\n</pre>c", "if a:\n  b\nc"),
        ("no tags", "no tags"),
        ("", ""),
        ("a<!-- b --><svg><text>c</text></svg><iframe>d</iframe>e", "ae"),
    ],
)
def test_of_a_page_is_given_what_a_reader_sees(page: str, seen: str) -> None:
    assert seen_of(page) == seen


@pytest.mark.timeout(200)
@pytest.mark.parametrize("piece", ["<div>", "<b>", "<table><tr><td>", "<a b", "<p hidden>", "<td> ", "<select>", "&"])
def test_a_page_costs_what_its_length_is(piece: str) -> None:
    assert seen_of(piece * (2_000_000 // len(piece))) is not None


@given(st.text(alphabet=st.sampled_from("<>/abp hidden=\"'&;td\n")))
def test_no_page_is_too_broken(page: str) -> None:
    assert "\n\n" not in seen_of(page)
