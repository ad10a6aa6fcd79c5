"""Keys that an operator has set: they work, they are told, and none of them is a yes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys as TextualKeys

from console.domain.keys import KEYS, RESERVED, is_key
from console.settings.screen import Theme
from console.tui.app import ConsoleApp
from console.tui.screens.confirm import ConfirmScreen
from console.tui.screens.history import HistoryScreen
from console.tui.screens.leave import LeaveScreen
from console.tui.screens.operate import OperateScreen
from console.tui.screens.recover import RecoverScreen
from console.tui.screens.region import RegionScreen
from console.tui.screens.replay import ReplayScreen
from console.tui.screens.rollout import RolloutScreen
from console.tui.screens.start import StartScreen
from console.tui.theme import THEMES
from console.tui.widgets.keys import Entry, fitting
from tests.tui.fleets import one_region
from tests.tui.paper import console

SCREENS: tuple[type[DOMNode], ...] = (
    ConsoleApp,
    RolloutScreen,
    OperateScreen,
    RegionScreen,
    RecoverScreen,
    HistoryScreen,
    ReplayScreen,
    StartScreen,
)


def bindings(*kinds: type[DOMNode]) -> Iterator[Binding]:
    for kind in kinds:
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            yield binding


def test_the_table_of_keys_is_what_the_screens_have() -> None:
    found = {b.id: b.key for b in bindings(*SCREENS) if b.id is not None}
    assert found == dict(KEYS)


def test_what_has_no_id_is_escape_or_ctrl_c_and_questions_give_no_key_away() -> None:
    fixed = {b.key for b in bindings(*SCREENS) if b.id is None}
    assert fixed <= {"escape", "ctrl+c"}
    assert [b for b in bindings(ConfirmScreen, LeaveScreen) if b.id is not None] == []


def test_the_themes_of_the_settings_are_those_of_the_screen() -> None:
    assert {theme.value for theme in Theme} == {theme.name for theme in THEMES}


@pytest.mark.parametrize("key", ["f5", "ctrl+p", "space", "pageup", "question_mark", "comma"])
def test_a_key_that_the_settings_take_is_one_that_the_terminal_sends(key: str) -> None:
    assert is_key(key)
    assert len(key) == 1 or key in {k.value for k in TextualKeys} | {"question_mark", "comma"}


async def test_a_key_that_was_set_is_told_and_works_and_the_old_one_does_not() -> None:
    paper = one_region()
    async with console(paper, keymap={"rollout.answer": "f2", "rollout.pause": "space"}) as shown:
        await shown.sees("Ship 0.9.1?   f2 answers")
        await shown.sees("space Pause")
        await shown.pilot.press("a", "p")
        await shown.pilot.pause(0.3)
        assert paper.sent == []
        assert not isinstance(shown.app.screen, ConfirmScreen)
        await shown.say_yes("f2")
        await shown.sees("Build the image")
        await shown.pilot.press("space")
        await shown.until(lambda: paper.rollout.paused_by == "ada@host")


async def test_a_key_of_a_question_cannot_be_given_to_anything_else() -> None:
    paper = one_region()
    async with console(paper, keymap={"app.history": "n", "app.theme": "y"}) as shown:
        await shown.sees("a answers")
        await shown.pilot.press("a")
        await shown.until(lambda: isinstance(shown.app.screen, ConfirmScreen))
        await shown.pilot.press("n")
        await shown.until(lambda: isinstance(shown.app.screen, OperateScreen))
        assert paper.sent == []


def entry(action: str, verb: str, *, is_enabled: bool = True) -> Entry:
    return Entry("k", "k", verb, action, is_enabled, "")


ENTRIES = (
    entry("command('answer')", "Answer"),
    entry("command('pause')", "Pause"),
    entry("command('close')", "Close", is_enabled=False),
    entry("charted", "Region"),
    entry("leave", "Leave"),
    entry("help", "Help"),
    entry("history", "History"),
)


def test_all_keys_stand_in_the_footer_where_they_fit() -> None:
    assert fitting(ENTRIES, 80) == list(ENTRIES)


def test_what_cannot_be_pressed_makes_room_first_and_the_answer_last() -> None:
    verbs = [[e.verb for e in fitting(ENTRIES, room)] for room in (50, 30, 9)]
    assert verbs[0] == ["Answer", "Pause", "Region", "Leave", "Help"]
    assert verbs[1] == ["Answer", "Leave", "Help"]
    assert verbs[2] == ["Answer"]


@pytest.mark.parametrize("width", [40, 60, 80])
async def test_the_footer_never_overflows(width: int) -> None:
    async with console(one_region(), (width, 24)) as shown:
        await shown.sees("a Answer")
        footer = shown.text().splitlines()[-1]
        for wanted in ("a Answer", "q Leave", "? Help"):
            assert wanted in footer
        last = shown.app.screen.query("FooterKey").last()
        assert last.region.right <= width


async def test_help_tells_every_key_of_the_screen() -> None:
    async with console(one_region(), (120, 60)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("question_mark")
        await shown.sees("Go to: timeline")
        text = shown.text()
        for wanted in ("Go to: regions", "Show only lines that hold", "Next panel", "shift+tab"):
            assert wanted in text
        for wanted in ("The next of the three themes", "Asks first", "never a yes"):
            assert wanted in text


def test_reserved_keys_are_no_ones() -> None:
    assert "enter" in RESERVED
