"""Makes text of bytes, by the charset that they name themselves or their server names; nothing is guessed."""

import codecs
import re

from headchef.sources.errors import FetchFailed

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,40})""", re.IGNORECASE)
_META_WITHIN = 1_024
"""Bytes within which a page must name its charset (WHATWG HTML, 4.2.5.4)."""

_LATIN = ("ascii", "iso8859-1")
_KNOWN = re.compile(
    r"utf-8|utf-16(-[bl]e)?|cp125[0-8]|cp874|iso8859-\d+|koi8-[ru]|gbk|gb2312|gb18030|big5|big5hkscs"
    r"|euc_jp|shift_jis|cp932|iso2022_jp|euc_kr|cp949|mac-(roman|cyrillic)|tis-620"
)
"""Python's names of the charsets of the web; it has others, such as idna, that are none."""


def text_of(body: bytes, charset: str | None, *, is_page: bool, name: str) -> str:
    """Make text of a body.

    Args:
        body: the bytes.
        charset: that the server names; a byte order mark is stronger, and UTF-8 is taken where nobody says.
        is_page: HTML may name its charset itself.
        name: of the source, for messages.

    Raises:
        FetchFailed: there is no such charset, or these bytes are not written in it.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], codec, f"{codec}, as its first bytes say", name)
    if charset:
        return _decoded(body, _codec(charset, name), f"{charset[:40]}, as its server says", name)
    if is_page and (meta := _META.search(body[:_META_WITHIN])) is not None:
        stated = meta[1].decode("ascii", "replace")
        codec = _codec(stated, name)
        # What could be read so far is not UTF-16, whatever it says.
        return _decoded(body, "utf-8" if codec.startswith("utf-16") else codec, f"{stated}, as it says", name)
    return _decoded(body, "utf-8", "utf-8, and its server names no other charset", name)


def _codec(charset: str, name: str) -> str:
    try:
        codec = codecs.lookup(charset.strip("\"' ")).name
    except (LookupError, ValueError):
        codec = ""
    if codec in _LATIN:
        # As all browsers do, since that is what is meant (WHATWG Encoding, 4.2).
        return "cp1252"
    if _KNOWN.fullmatch(codec) is None:
        raise FetchFailed("unreadable", f"{name} names a charset that is not known: {charset[:40]!r}")
    return codec


def _decoded(body: bytes, codec: str, stated: str, name: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        raise FetchFailed("unreadable", f"{name} is not written in {stated}: byte {error.start} is wrong") from error
