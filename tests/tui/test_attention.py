"""A terminal in the background calls its operator, and only then."""

from __future__ import annotations

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from console.domain.policy import Approve as Approvals
from console.domain.signs import Mode
from console.domain.steps import Asks, Subject
from console.tui.attention import PUT_ASIDE, PUT_BACK, Attention
from console.tui.terminal import EnduringDriver
from tests.tui.fleets import one_region
from tests.tui.paper import console


class Terminal:
    """What is written and how often it rang."""

    def __init__(self, *, is_on: bool = True) -> None:
        self.written: list[str] = []
        self.rung = 0
        self.attention = Attention("checks", self.written.append, self._ring, is_on=is_on)

    def _ring(self) -> None:
        self.rung += 1


def test_a_question_rings_once_and_stands_in_the_title_until_it_is_answered() -> None:
    terminal = Terminal()
    subject = Subject(Asks.APPLY, 1, unit="eu-west-1")  # type: ignore[arg-type]
    for asked in (None, subject, subject, None):
        terminal.attention.note(asked, "0.9.1")
    assert terminal.rung == 1
    assert terminal.written == [
        "\x1b]2;release-console: checks\x07",
        "\x1b]2;? checks 0.9.1: apply eu-west-1\x07",
        "\x1b]2;release-console: checks\x07",
    ]


def test_another_question_rings_again() -> None:
    terminal = Terminal()
    terminal.attention.note(Subject(Asks.BUILD), "0.9.1")
    terminal.attention.note(Subject(Asks.PUSH), "0.9.1")
    assert terminal.rung == 2


def test_nothing_in_a_title_is_obeyed() -> None:
    terminal = Terminal()
    terminal.attention.note(Subject(Asks.BUILD), "0.9.1\x07\x1b]0;evil\x07")
    (written,) = terminal.written
    assert (written.count("\x07"), written.count("\x1b")) == (1, 1)


def test_switched_off_it_neither_rings_nor_writes() -> None:
    terminal = Terminal(is_on=False)
    terminal.attention.note(Subject(Asks.BUILD), "0.9.1")
    assert (terminal.rung, terminal.written) == (0, [])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is written to a terminal that the console takes for a real one."""
    seen: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, text: seen.append(text))
    return seen


async def test_the_operator_is_called_and_the_watcher_never(written: list[str]) -> None:
    paper = one_region(approve=Approvals.ONCE)
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        await operator.until(lambda: "\x1b]2;? checks 0.9.1: start\x07" in written)
        assert "\x07" in written
        written.clear()
        async with console(paper, mode=Mode.WATCH, choice=None, roll_out=None) as watcher:
            await watcher.sees("Ship 0.9.1?")
            assert "\x1b]2;release-console: checks\x07" in written
            assert not [text for text in written if "?" in text and text.startswith("\x1b]2;")]
        await operator.say_yes()
        await operator.sees("completed")
        await operator.until(lambda: "\x1b]2;release-console: checks\x07" in written)


async def test_without_a_terminal_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, text: seen.append(text))
    async with console(one_region()) as shown:
        await shown.sees("Ship 0.9.1?")
    assert not [text for text in seen if text.startswith("\x1b]2;")]


def test_the_title_that_was_there_is_put_aside_and_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    for name in ("start", "stop"):
        monkeypatch.setattr(
            LinuxDriver, f"{name}_application_mode", lambda _, name=name: done.append(name)
        )
    monkeypatch.setattr(EnduringDriver, "_look_for_the_other_end", lambda _: None)
    driver = object.__new__(EnduringDriver)
    monkeypatch.setattr(EnduringDriver, "write", lambda _, text: done.append(text))
    driver.start_application_mode()
    driver.stop_application_mode()
    assert done == ["start", PUT_ASIDE, PUT_BACK, "stop"]
