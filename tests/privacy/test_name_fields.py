"""Names in fields: they are looked for at the edges of fields only, and nothing is lost by that."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.recognizers import fields

_PATTERNS = (fields._FIELD, fields._PAIR, fields._ONE)
_WORDS = ("Berg", "Ada", "Ötz", "Berg", "van", "B.", "12", "1980-01-02")
_MARKS = tuple(",|;:\t\n^~{=\"'(>*-–/.)")
_BETWEEN = (
    " ",
    *_MARKS,
    *(f"{mark} " for mark in _MARKS),
    *(f" {mark} " for mark in _MARKS),
    ', "',
    '",',
    "  ",
    " // ",
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_WORDS), st.sampled_from(_BETWEEN)).map("".join),
        max_size=8,
    ).map("".join)
)
def test_every_match_begins_at_an_edge(text: str) -> None:
    edges = fields._edges(text)
    for pattern in _PATTERNS:
        found = [match.span() for match in fields._at(edges, pattern, text)]
        assert found == [match.span() for match in pattern.finditer(text)]


@pytest.mark.parametrize(
    "pattern, text, found",
    [
        (fields._FIELD, "Ada Berg\n12. Jon Lund | Ida Vik", ["Ada Berg", "Jon Lund", "Ida Vik"]),
        (fields._PAIR, 'Berg, Ada; "Lund, Jon"; Vik | Ida', ["Berg, Ada", "Lund, Jon", "Vik | Ida"]),
        (fields._ONE, 'Berg - at 12\nLund | at = "van Dam"', ["Berg", "Lund", "van Dam"]),
    ],
)  # fmt: skip
def test_names_stand_between_borders_of_fields(
    pattern: regex.Pattern[str], text: str, found: list[str]
) -> None:
    assert [match["x"] for match in fields._at(fields._edges(text), pattern, text)] == found
