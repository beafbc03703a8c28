r"""What is text in a file, and the eight-byte pieces of it.

A file without zero bytes is text as a whole. Of any other, text is each run of at least eight bytes that are
printable ASCII, white space or whole UTF-8 sequences of more bytes: in a database, names, comments,
dictionaries and strings that are not compressed.

A text is searched as it stands and with what hides letters undone: JSON's `\u00e9` and `\"`, Python's `\xc3\xa9`,
HTML's `&#39;`, a web address's `%40` and `+`; each alone, and one after the other (JSON twice, for JSON is
put into JSON). Case is folded on both sides.
"""

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

import numpy as np
from numpy.typing import NDArray

PIECE = 8  # bytes; no value with fewer letters and digits is searched for

_IS_LETTER = np.array([byte >= 0x80 or chr(byte).isalnum() for byte in range(256)])  # or a part of one, or a digit
_ESCAPE = re.compile(
    r"""(?P<bytes>(?:\\x[0-9a-fA-F]{2})+)|(?P<units>(?:\\u[0-9a-fA-F]{4})+)|\\(?P<mark>["'\\/bfnrt])"""
)
_MARKS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def texts(content: bytes) -> list[str]:
    """The text in the bytes of a file, as it stands and with encodings undone; what equals another is left out."""
    if b"\0" in content:
        return [runs(content).decode("utf-8", "replace")]
    try:
        stands = [content.decode("utf-8")]
    except UnicodeDecodeError:
        stands = [content.decode("utf-8", "replace"), content.decode("cp1252", "replace")]
    return list(dict.fromkeys(form for text in stands for form in forms(text)))


def forms(text: str) -> list[str]:
    """A text as it stands, and with encodings undone."""
    unescaped = _ESCAPE.sub(_unescaped, text)
    together = unquote_plus(html.unescape(_ESCAPE.sub(_unescaped, unescaped)))
    return [text, unescaped, html.unescape(text), unquote_plus(text), together]


def _unescaped(found: re.Match[str]) -> str:
    if hexadecimal := found["bytes"]:
        return bytes.fromhex(hexadecimal.replace("\\x", "")).decode("utf-8", "replace")
    if units := found["units"]:
        return str(json.loads(f'"{units}"')).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _MARKS.get(found["mark"], found["mark"])


def lowered(text: str) -> str:
    """A text in lower case, as DuckDB's `lower` gives it: letter by letter, whatever stands beside it."""
    return text.replace("\u03a3", "\u03c3").replace("\u0130", "i").lower()


def runs(content: bytes) -> bytes:
    """The runs of text in bytes that are no text, with a zero byte behind each.

    A run of fewer than eight letters and digits holds no value that is searched for, and is left out: what looks like
    text among random bytes is short.
    """
    if len(content) < PIECE:
        return b""
    values = np.frombuffer(content, np.uint8)
    is_text = _is_text(values)
    starts = is_text[:-1] & is_text[1:]
    starts = starts[:-2] & starts[2:]
    positions = np.flatnonzero(starts[:-4] & starts[4:])
    in_run = np.zeros(len(values) + 1, np.bool_)
    for offset in range(PIECE):
        in_run[positions + offset] = True
    kept = in_run.copy()
    kept[positions + PIECE] = True  # one byte behind each run
    found = np.where(in_run, np.append(values, np.uint8(0)), np.uint8(0))[kept]
    behind = np.flatnonzero(found == 0) + 1
    if not len(behind):
        return b""
    first = np.concatenate([[0], behind[:-1]])
    is_long = np.add.reduceat(_IS_LETTER[found], first, dtype=np.int64) >= PIECE
    return bytes(found[np.repeat(is_long, behind - first)].tobytes())


def _is_text(values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    is_text = ((values - np.uint8(0x20)) < 0x5F) | ((values - np.uint8(0x09)) < 0x05)  # tab and line ends
    follows = values.view(np.int8) < -64  # 0x80 to 0xbf
    for length, first, behind in ((2, 0xC2, 0xE0), (3, 0xE0, 0xF0), (4, 0xF0, 0xF5)):
        last = len(values) - length + 1
        whole = (values[:last] - np.uint8(first)) < behind - first
        for offset in range(1, length):
            whole &= follows[offset : last + offset]
        for offset in range(length):
            is_text[offset : last + offset] |= whole
    return is_text


def pieces(text: str) -> Iterator[NDArray[np.uint64]]:
    """The pieces of eight bytes (UTF-8) of a text as numbers, the first byte the most significant; with repetitions.

    They come in eight arrays: those that begin at every eighth byte, from the first, the second, and so on.
    """
    content = text.encode("utf-8", "replace")
    for offset in range(PIECE):
        count = (len(content) - offset) // PIECE
        if count > 0:
            yield np.frombuffer(content, ">u8", count=count, offset=offset).astype(np.uint64)
