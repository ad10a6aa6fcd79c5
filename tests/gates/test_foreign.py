"""Text that came from outside is shown, and never obeyed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.foreign import shown, shown_lines


@pytest.mark.parametrize(
    ("foreign", "told"),
    [
        ("plain words, 100 % über", "plain words, 100 % über"),
        ("", ""),
        ("a\tb", "a    b"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb", r"a\x0db"),
        ("a\nb", r"a\x0ab"),
        ("\x00\x08\x7f", r"\x00\x08\x7f"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\ud800", r"\ud800"),
        ("[/] and [bold]", "[/] and [bold]"),
        ("${jndi} {region} %s", "${jndi} {region} %s"),
    ],
)
def test_what_cannot_be_seen_is_made_visible(foreign: str, told: str) -> None:
    assert shown(foreign) == told


@given(st.text(st.characters()))
def test_what_is_shown_holds_nothing_that_a_terminal_obeys(foreign: str) -> None:
    told = shown(foreign)

    assert not {unicodedata.category(letter) for letter in told} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    assert len(told.splitlines()) <= 1


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_lines_stay_lines_whatever_ends_them() -> None:
    assert shown_lines("one\r\ntwo\n\x1b[2Jthree") == ["one", "two", r"\x1b[2Jthree"]
