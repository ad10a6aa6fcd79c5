"""A person who has keys, and knows of the fleet what the screen says, and nothing else."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.recovery.remedies import TOLD, Remedy
from tests.terminal import OnTerminal, on_terminal

_LOOK_S = 0.2
_SEEN_WITHIN_S = 60.0
# A yes counts only once it can have been read.
_READING_S = 0.6
# Nobody types faster.
_KEY_S = 0.15
_STEP_WITHIN_S = 420.0
_ASK_S = 2.0
_USUAL = (120, 36)

_DOWN, _HOME, _END, _TO_BEGIN = "\x1b[B", "\x1b[H", "\x1b[F", "\x15"
_LISTED = re.compile(r"▐.▌ (\S+)  wave")

_TYPED = re.compile(r"type (\S+) to say yes")
_YES = re.compile(r" y  (\w[\w ]*?)\s*(?:│|$)", re.MULTILINE)
_CONFIRMS = "esc Not now"
_REFUSES = ": not now, "
_VOID = "This is no longer asked"
_RECOVERS = "Moves · enter asks"
_RECOMMENDED = re.compile(r"^ *│? *▶ ([a-z-]+) ", re.MULTILINE)
_IN_MOTION = ("is under way", "is about to begin", "is looked at again")


@dataclass
class Operator:
    """Sits at a console."""

    on: OnTerminal
    done: list[str] = field(default_factory=list)
    """What was pressed, in words: `v`, `enter (restore), browser-check-worker, enter`."""
    moves: list[str] = field(default_factory=list)
    """The moves that were made."""

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return self.on.text()

    def sees(self, *phrases: str, within_s: float = _SEEN_WITHIN_S) -> str:
        """Wait until one of `phrases` is on the screen, and return it.

        Raises:
            AssertionError: none is, in time, or the console has ended.
        """
        return self.until(
            lambda: next((phrase for phrase in phrases if phrase in self.text), ""), within_s
        )

    def until(self, holds: Callable[[], str | bool], within_s: float) -> str:
        """Wait until `holds`, and return what it says."""
        deadline = time.monotonic() + within_s
        while not (found := holds()):
            assert time.monotonic() < deadline, f"after {self.done}, waited in vain:\n{self.text}"
            assert self.on.process.poll() is None, f"the console has ended:\n{self.text}"
            time.sleep(_LOOK_S)
        return str(found)

    def press(self, keys: str, told: str = "") -> None:
        """Press keys, and write them down."""
        self.on.press(keys)
        self.done.append(told or keys)

    def say_yes(self, opens: str, told: str, about: str = "") -> bool:
        """Open a question with a key, read it, and say yes as it asks to.

        Args:
            opens: the key.
            told: what to write down.
            about: what has to stand in the question; it is left without an answer where it does
                not.

        Returns:
            Whether a yes was said, and the question was still the same.
        """
        self.on.press(opens)
        if self.until(self._asked_or_refused, _SEEN_WITHIN_S) != _CONFIRMS:
            return False
        time.sleep(_READING_S)
        if about not in self.text:
            self.press("\x1b", "esc")
            self.until(lambda: _CONFIRMS not in self.text, _SEEN_WITHIN_S)
            return False
        wanted = _TYPED.search(self.text)
        if wanted:
            self.on.press(wanted[1] + "\r")
            self.done.append(f"{told}, {wanted[1]}, enter")
        else:
            assert _YES.search(self.text), self.text
            self.on.press("y")
            self.done.append(f"{told}, y")
        end = self.until(self._answered, _SEEN_WITHIN_S)
        if end == _VOID:
            self.press("\x1b", "esc")
            self.until(lambda: _CONFIRMS not in self.text, _SEEN_WITHIN_S)
        return end != _VOID

    def _asked_or_refused(self) -> str:
        """What the key has led to: it comes too late for what something else has changed."""
        return next((phrase for phrase in (_CONFIRMS, _REFUSES) if phrase in self.text), "")

    def _answered(self) -> str:
        text = self.text
        return _VOID if _VOID in text else "" if _CONFIRMS in text else "answered"

    @property
    def is_asked(self) -> bool:
        """Whether the terminal's title calls for an answer."""
        return self.on.terminal.title.startswith("?")

    @property
    def recommended(self) -> str:
        """The move that is recommended and may be asked for now; empty where none is."""
        _, _, moves = self.text.partition(_RECOVERS)
        if any(phrase in self.text for phrase in _IN_MOTION):
            return ""
        found = _RECOMMENDED.search(moves)
        return found[1] if found else ""

    def lead_on(self, is_over: Callable[[], bool], within_s: float = _STEP_WITHIN_S) -> None:
        """Do what the screen asks for, or recommends, until `is_over`.

        Args:
            is_over: asked before each move, and now and then while there is nothing to do.
            within_s: how long that may take, in seconds.

        Raises:
            AssertionError: it was not over in time.
        """
        deadline, ask_again = time.monotonic() + within_s, 0.0
        while True:
            assert time.monotonic() < deadline, f"after {self.done}, led nowhere:\n{self.text}"
            assert self.on.process.poll() is None, f"the console has ended:\n{self.text}"
            if self.recommended and is_over():
                return
            if self._step():
                ask_again = 0.0
            elif time.monotonic() < ask_again:
                time.sleep(_LOOK_S)
            elif is_over():
                return
            else:
                ask_again = time.monotonic() + _ASK_S

    def answer_until(self, *phrases: str, within_s: float = _STEP_WITHIN_S) -> str:
        """Say yes to what is asked until one of `phrases` is on the screen, and return it.

        Raises:
            AssertionError: none was, in time.
        """

        def seen() -> str:
            if self.is_asked:
                self.say_yes("a", "a")
            return next((phrase for phrase in phrases if phrase in self.text), "")

        return self.until(seen, within_s)

    def look_at_the_moves(self) -> None:
        """Open them from wherever they are offered."""
        offered = self.sees("^r Recover", "v Recover")
        self.press(*("\x12", "ctrl+r") if offered[0] == "^" else ("v",))
        self.sees(_RECOVERS)

    def close_the_rollout(self) -> None:
        """Go back from the moves and end the rollout that has halted, as the screen says."""
        if _RECOVERS in self.text:
            self.sees("go back and close it")
            self.press("\x1b", "esc")
        self.sees("e Close")
        self.say_yes("e", "e")
        self.sees("s New rollout")

    def choose(self, release: str, region: str) -> None:
        """Fill the start form in for one region, and send it off."""
        self.sees("^s Start")
        self.sees("in the registry")  # until then a label may still be proposed
        self.on.press(_END)
        self.on.press(_TO_BEGIN)
        self.sees("...: preflight")
        self.on.press(release)
        self.sees(f"{release}: preflight")
        for key in ("\t", "\t", "\t", _HOME):
            self.on.press(key)
            time.sleep(_KEY_S)
        chosen = _LISTED.findall(self.text)
        # What a box says by its colour alone, the path says in words: how many get what.
        ways = re.compile(rf"\s\d+ → {re.escape(release)}")
        for name in chosen.copy():
            if name != region:
                self.on.press(" ")
                chosen.remove(name)
                self.until(lambda: len(ways.findall(self.text)) == len(chosen), _SEEN_WITHIN_S)
            self.on.press(_DOWN)
        self.press("\x13", f"{release} to {region}, ctrl+s")

    def _step(self) -> bool:
        """Press what the screen calls for now; False where it calls for nothing."""
        text = self.text
        if _CONFIRMS in text:
            self.press("\x1b", "esc")  # it came after it was given up
            self.until(lambda: _CONFIRMS not in self.text, _SEEN_WITHIN_S)
            return True
        if _RECOVERS in text:
            return self._make_the_move()
        if self.is_asked:
            self.say_yes("a", "a")
            return True
        if "left open" in text and "u Take up" in text:
            self.say_yes("u", "u")
            return True
        if not ("^r Recover" in text or "v Recover" in text):
            return False
        self.look_at_the_moves()
        return True

    def _make_the_move(self) -> bool:
        move = self.recommended
        if not move:
            return False
        # The cursor stays on the move that was recommended before.
        self.on.press(_HOME)
        verb = TOLD[Remedy(move)].verb
        if self.say_yes("\r", f"enter ({move})", about=f"{verb} in "):
            self.moves.append(move)
        return True


@contextmanager
def at_the_console(
    config: Path, *arguments: str, size: tuple[int, int] | None = None
) -> Iterator[Operator]:
    """Open the console with these settings.

    Args:
        config: the settings.
        arguments: the rest of the command line.
        size: the terminal's columns and lines; None for one of the usual size.
    """
    columns, lines = size or _USUAL
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RELEASE_CONSOLE_", "TEXTUAL"))
    }
    command = [sys.executable, "-m", "console.cli", *arguments, "--config", str(config)]
    with on_terminal(command, environment, columns=columns, lines=lines) as on:
        operator = Operator(on)
        operator.sees("OPERATE")
        yield operator
