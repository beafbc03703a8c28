r"""How a text hides what it says, undone in SQL: look-alike letters, escapes, base64 and hexadecimal digits.

Every function takes an SQL expression of type VARCHAR and gives another one. What is undone does not fail on any text:
what is not valid stays as it is.
"""

import unicodedata

from bigtrust import sql

# Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39, confusables).
_LOOK_ALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХЗаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ",
        "ABESIJKMHOPCTYX3aesijopcyxhdqwABEZHIKMNOPTYXaikvoptux",
        strict=True,
    )
)
# Soft hyphen, joiners, marks of direction, variation selectors, byte order mark.
_INVISIBLE = r"\x{AD}\x{34F}\x{61C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FE00}-\x{FE0F}\x{FEFF}"
# Of texts in the languages of Western Europe next to none has another character than these.
_COMMON = r"\x00-\x9F\x{A1}-\x{AC}\x{AE}-\x{17F}"


def _plain_letters() -> dict[str, str]:
    """Every character that stands for one of ASCII: by Unicode's compatibility (NFKC), as a digit, by its looks."""
    plain = {}
    for character in map(chr, range(0x80, 0x20000)):
        category = unicodedata.category(character)
        folded = unicodedata.normalize("NFKC", character)
        if category == "Nd":
            folded = str(unicodedata.digit(character))
        elif category == "Pd":
            folded = "-"
        elif category == "Zs":
            folded = " "
        if len(folded) == 1 and folded.isascii():
            plain[character] = folded
    return plain | _LOOK_ALIKES


_PLAIN = _plain_letters()


def plain(text: str) -> str:
    """SQL: the text with plain letters, digits, spaces and dashes, and without characters that nobody sees."""
    letters = f"regexp_replace({text}, '[{_INVISIBLE}]', '', 'g')"
    folded = f"translate({letters}, {sql.text(''.join(_PLAIN))}, {sql.text(''.join(_PLAIN.values()))})"
    return f"case when regexp_matches({text}, '[^{_COMMON}]') then {folded} else {text} end"


def is_escaped(text: str) -> str:
    """SQL: whether the text may hold escapes."""
    return rf"regexp_matches({text}, '[%&\\]')"


def unescaped(text: str) -> str:
    r"""SQL: the text with escapes undone: `%40` (twice, too), `&eacute;`, `&#233;`, `\u00e9`."""
    undone = "text"
    for step in (
        _address,
        _address,
        _ampersands,
        _named_entities,
        lambda text: _characters(text, "&#([0-9]{1,7});?", ""),
        lambda text: _characters(text, "&#[xX]([0-9A-Fa-f]{1,6});?", "0x"),
        lambda text: _characters(text, r"\\+u([0-9A-Fa-f]{4})", "0x"),
        lambda text: _characters(text, r"\\+x([0-9A-Fa-f]{2})", "0x"),
        lambda text: rf"regexp_replace({text}, '\\+[nrtbf/]', ' ', 'g')",
    ):
        undone = f"list_transform([{undone}], lambda text: {step('text')})[1]"
    return f"list_transform([{text}], lambda text: {undone})[1]"


def decoded(text: str) -> str:
    """SQL: the text in plain letters, with escapes undone."""
    undone = f"case when {is_escaped(text)} then {unescaped(text)} else {text} end"
    return f"list_transform([{undone}], lambda text: {plain('text')})[1]"


def _address(text: str) -> str:
    return f"coalesce(try(url_decode({text})), {text})"


def _ampersands(text: str) -> str:
    return f"replace({text}, '&amp;', '&')"


def _named_entities(text: str) -> str:
    accented = "&([A-Za-z])(?:acute|grave|circ|uml|cedil|tilde|ring|slash|caron);"
    without = rf"regexp_replace({text}, '{accented}', '\1', 'g')"
    return (
        rf"regexp_replace({without}, '&(?:commat|period|lowbar|hyphen|nbsp|apos|quot|[lr]squo|plus|[lg]t);', ' ', 'g')"
    )


def _characters(text: str, escape: str, prefix: str) -> str:
    """SQL: every escape (a regular expression, with the number of a character as its group) as that character."""
    marked = rf"regexp_replace({text}, '{escape}', chr(1) || '\1' || chr(2), 'g')"
    number = f"try_cast('{prefix}' || split_part(part, chr(2), 1) as integer)"
    character = f"coalesce(try(chr({number})), ' ') || substr(part, strpos(part, chr(2)) + 1)"
    parts = f"""list_transform(
        string_split({marked}, chr(1)), lambda part, place: case when place > 1 then {character} else part end
    )"""
    return f"array_to_string({parts}, '')"


# Four characters of base64 (RFC 4648) that stand for three printable characters of ASCII: a byte from 32 to 126 leaves
# few possibilities for the first three of them.
_ASCII = "[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
_ANY = "[A-Za-z0-9+/_-]"


def is_base64(text: str) -> str:
    """SQL: whether the text holds what may be a text in base64."""
    return f"regexp_matches({text}, '(?:{_ASCII}){{2}}')"


def from_base64(text: str) -> str:
    """SQL: a list of what stands in base64 (RFC 4648, either alphabet, with or without padding) in a text.

    Where it begins is not known, so each token is read from its first four characters on.
    """
    padded = "rpad(token, cast(ceil(length(token) / 4) * 4 as integer), '=')"
    read = _read(f"try(from_base64(translate({padded}, '-_', '+/')))")
    return _from_tokens(f"regexp_extract_all({text}, '{_ANY}{{10,}}')", 4, read)


def is_hexadecimal(normalised: str) -> str:
    """SQL: whether letters and digits in lower case hold what may be a text in hexadecimal digits."""
    return f"regexp_matches({normalised}, '(?:[2-7][0-9a-f]){{6}}')"


def from_hexadecimal(normalised: str) -> str:
    """SQL: a list of what stands in hexadecimal digits in letters and digits in lower case."""
    even = "left(token, length(token) // 2 * 2)"
    return _from_tokens(f"regexp_extract_all({normalised}, '[0-9a-f]{{12,}}')", 2, _read(f"unhex({even})"))


def _from_tokens(tokens: str, starts: int, read: str) -> str:
    later = f"list_transform(range(1, {starts + 1}), lambda start: substr(token, start))"
    shifted = f"flatten(list_transform({tokens}, lambda token: {later}))"
    return f"list_transform({shifted}, lambda token: {read})"


def _read(blob: str) -> str:
    """SQL: bytes as a text; of bytes that are no UTF-8, what is ASCII."""
    ascii_alone = rf"regexp_replace(cast({blob} as varchar), '\\x[0-9A-F]{{2}}', ' ', 'g')"
    return f"coalesce(try(decode({blob})), {ascii_alone})"


_FIRST_HALF, _SECOND_HALF = "abcdefghijklm", "nopqrstuvwxyz"


def rot13(normalised: str) -> str:
    """SQL: letters in lower case, each 13 places further."""
    return f"translate({normalised}, '{_FIRST_HALF}{_SECOND_HALF}', '{_SECOND_HALF}{_FIRST_HALF}')"


def folded(normalised: str) -> str:
    """SQL: letters in lower case, the same for a letter and the one 13 places further."""
    # translate takes ten times as long as to see that there is nothing to do
    folded = f"translate({normalised}, '{_SECOND_HALF}', '{_FIRST_HALF}')"
    return f"case when regexp_matches({normalised}, '[n-z]') then {folded} else {normalised} end"
