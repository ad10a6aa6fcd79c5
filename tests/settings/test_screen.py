"""Keys and colours that an operator sets: what is no key, or two things at once, is told."""

from __future__ import annotations

from typing import Any

import pytest

from console.domain.keys import KEYS, RESERVED, clashes, is_key, keys_of
from console.settings import SettingsError
from console.settings.screen import Theme
from tests.settings.valid import VALID

LINE = VALID.count("\n") + 1


def screen(text: str) -> str:
    return f"{VALID}screen: {{{text}}}\n"


def test_what_is_set_is_taken(load_text: Any) -> None:
    keys = "keys: {rollout.pause: space, app.history: 'f4,ctrl+h'}"
    settings = load_text(screen(f"theme: console-light, attention: false, {keys}"))
    assert settings.screen.theme is Theme.LIGHT
    assert settings.screen.keys == {"rollout.pause": "space", "app.history": "f4,ctrl+h"}
    assert settings.screen.attention is False


MISTAKES = [
    (
        "keys: {rollout.anser: b}",
        "rollout.anser: is nothing that has a key; did you mean rollout.a",
    ),
    ("keys: {zzz: b}", "zzz: is nothing that has a key; there are app.help, app.history,"),
    ("keys: {rollout.answer: enter}", 'rollout.answer: is "enter", which means the same thing eve'),
    ("keys: {app.leave: 'f9,ctrl+c'}", 'app.leave: is "ctrl+c", which means the same thing every'),
    ("keys: {rollout.answer: y}", 'rollout.answer: is "y", which means the same thing everywhere'),
    ("keys: {rollout.answer: pp}", 'rollout.answer: is "pp", which is no key; write one such as'),
    ("keys: {rollout.answer: p}", 'rollout.answer: is "p", which rollout.pause has; give one of'),
    ("keys: {view.copy: '?'}", 'view.copy: is "question_mark", which app.help has; give one of th'),
    ("keys: {view.copy: end}", 'view.copy: is "end", which replay.end has; give one of the two'),
    ("keys: {app.help: 5}", "app.help: 5 is no text; put it in quotes"),
    ("theme: console-ligth", 'theme: "console-ligth" is none of console-dark, console-light'),
    ("colours: many", "colours: is no key; here are known: theme, keys, attention"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place(load_text: Any, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(screen(text))
    place = "keys." if text.startswith("keys") else ""
    expected = f"config/release.yaml:{LINE}: screen.{place}{said}"
    assert expected in caught.value.message
    assert caught.value.message.count("\n") == 0


def test_two_bindings_may_change_places(load_text: Any) -> None:
    load_text(screen("keys: {rollout.answer: p, rollout.pause: a}"))


def test_keys_of_screens_that_never_meet_may_be_the_same(load_text: Any) -> None:
    load_text(screen("keys: {region.copy: p, replay.next: n}"))


def test_by_themselves_no_two_bindings_clash_and_none_takes_a_key_that_is_reserved() -> None:
    assert list(clashes(dict(KEYS))) == []
    keys = {key for text in KEYS.values() for key in keys_of(text)}
    assert not keys & RESERVED
    assert [key for key in keys if not is_key(key)] == []
