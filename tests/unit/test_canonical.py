"""A value has one canonical form, and only that is read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust import canonical

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
)


def encodable(value: Any) -> bool:
    """Whether it has a form in UTF-8: lone surrogates have none."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(VALUES.filter(encodable))
def test_what_was_written_is_read_again(value: Any) -> None:
    assert canonical.decode(canonical.encode(value)) == value


def test_the_form_is_that_of_the_example_of_rfc_8785_without_its_fractions() -> None:
    value = {"string": '€$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    expected = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical.encode(value).decode() == expected


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"01",
        b"-0",
        b'"\\u0041"',
        b'"\\/"',
        b" 1",
        b"1\n",
        b"",
        b'"\xff"',
        b"9007199254740993",
    ],
)
def test_another_form_of_a_value_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        canonical.decode(content)


@pytest.mark.parametrize("value", [1.5, {1: 2}, 2**53, b"bytes", {"a": (1, 2)}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical.encode(value)
