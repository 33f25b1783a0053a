"""Foreign text cannot steer the terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from stickgen.text import clean


@given(st.text(max_size=200))
def test_nothing_that_steers_a_terminal_survives(text: str) -> None:
    kept = set(clean(text)) - {"\n", "\t", "\u200d"}
    assert not {c for c in kept if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=80))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert clean(text) == text


def test_escape_codes_are_shown_not_obeyed() -> None:
    assert clean("a\x1b]52;c;eA==\x07b\x9b31m\u202e") == "a\\x1b]52;c;eA==\\x07b\\x9b31m\\u202e"
    assert clean("two\nlines\r", single_line=True) == "two lines\\x0d"
    assert clean("abcdef", limit=4) == "abc…"
