"""The rollout screen of the one who operates: the same, with keys that change something."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.domain.allowed import Action, Allowance, allowance, command_of
from console.domain.commands import Approve, Command
from console.domain.confirmation import Confirmation, confirmation
from console.domain.consequences import (
    confirm,
    confirm_ending_the_left,
    confirm_taking_over,
)
from console.domain.run_by import RunBy
from console.domain.steps import Subject
from console.tui.screens.confirm import ConfirmScreen
from console.tui.screens.rollout import RolloutScreen

_KEYS = {
    Action.TAKE_UP: "u",
    Action.ANSWER: "a",
    Action.PAUSE: "p",
    Action.CONTINUE: "g",
    Action.ABORT: "x",
    Action.SKIP: "k",
    Action.CLOSE: "e",
    Action.FINISH: "n",
    Action.INTERRUPT: "i",
    Action.ANOTHER: "s",
}
_IN_FOOTER = {
    Action.TAKE_UP,
    Action.ANSWER,
    Action.PAUSE,
    Action.CONTINUE,
    Action.ABORT,
    Action.SKIP,
    Action.CLOSE,
    Action.ANOTHER,
}
_RARE = {Action.SKIP, Action.ANOTHER}
"""No footer needs them while they are not allowed."""
_AT_ONCE = {Action.PAUSE, Action.CONTINUE}


def _bindings() -> list[BindingType]:
    return [
        Binding(
            key,
            f"command('{action}')",
            (told := allowance(action, None)).verb,
            show=action in _IN_FOOTER,
            tooltip=told.sentence,
            id=f"rollout.{action}",
        )
        for action, key in _KEYS.items()
    ]


class OperateScreen(RolloutScreen):
    """Shows a rollout, and commands it."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    can_answer: ClassVar[bool] = True
    first_tab: ClassVar[str] = "tab-output"

    class Commanded(Message):
        """The operator has said something to the engine."""

        def __init__(self, command: Command) -> None:
            """Carry `command`."""
            super().__init__()
            self.command = command
            """What was said."""

    class TakeUpWanted(Message):
        """The operator goes on with a rollout that was left open."""

        def __init__(self, *, from_the_living: bool) -> None:
            """Take it from a console that lives, or only from one that is gone."""
            super().__init__()
            self.from_the_living = from_the_living
            """Whether the yes was for taking it from a console that lives."""

    class AnotherWanted(Message):
        """The operator wants to begin another rollout."""

    def _allowance(self, action: Action) -> Allowance:
        return allowance(action, self.scene.rollout, self.scene.run_by)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim a command that the engine would not take now."""
        if action != "command":
            return super().check_action(action, parameters)
        wanted = Action(str(parameters[0]))
        if wanted is Action.TAKE_UP and self.scene.run_by is RunBy.US:
            return False  # no footer needs a key that nearly never exists
        return True if self._allowance(wanted).is_allowed else None

    def is_in_footer(self, action: str) -> bool:
        """Tell of what is rare only while it is allowed."""
        if action.startswith("command(") and (wanted := Action(action[9:-2])) in _RARE:
            return self._allowance(wanted).is_allowed
        return super().is_in_footer(action)

    def words_for(self, binding: Binding) -> tuple[str, str]:
        """Return what a command is called now: from the living, it is taken over."""
        if not binding.action.startswith("command("):
            return super().words_for(binding)
        told = self._allowance(Action(binding.action[9:-2]))
        return told.verb, told.sentence

    def reason_against(self, action: str) -> str:
        """Return why a command is not taken now."""
        if not action.startswith("command("):
            return ""
        return self._allowance(Action(action[9:-2])).reason

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing: only keys that no binding has taken arrive here."""
        active = self.active_bindings.get(event.key)
        if active is None or active.enabled:
            return
        reason = self.reason_against(active.binding.action)
        if reason:
            event.stop()
            verb, _ = self.words_for(active.binding)
            text = f"{verb}: not now, {reason}"
            self.notify(text, severity="warning", markup=False)

    def action_command(self, name: str) -> None:
        """Give a command, after its confirmation where it has one."""
        action = Action(name)
        rollout = self.scene.rollout
        if rollout is None:
            return
        if action is Action.ANSWER:
            self._answer(rollout.questions[0][0])
        elif action is Action.TAKE_UP:
            self._take_up()
        elif action is Action.ANOTHER:
            self.post_message(self.AnotherWanted())
        elif action in _AT_ONCE:
            command = command_of(action, self.scene.around.operator)
            self.post_message(self.Commanded(command))
        else:
            self._confirm(action)

    def _answer(self, subject: Subject) -> None:
        def current() -> Confirmation | None:
            rollout = self.scene.rollout
            return confirmation(rollout, subject) if rollout is not None else None

        approve = Approve(subject, self.scene.around.operator)
        self._ask(current, self.Commanded(approve))

    def _confirm(self, action: Action) -> None:
        def current() -> Confirmation | None:
            rollout = self.scene.rollout
            if rollout is None or not self._allowance(action).is_allowed:
                return None
            if self.scene.run_by is RunBy.NOBODY:
                return confirm_ending_the_left(rollout)
            return confirm(rollout, action)

        command = command_of(action, self.scene.around.operator)
        self._ask(current, self.Commanded(command))

    def _take_up(self) -> None:
        run_by = self.scene.run_by
        is_over = run_by is RunBy.OTHERS

        def current() -> Confirmation | None:
            rollout = self.scene.rollout
            # A console that has died meanwhile, or come back, is another question.
            if rollout is None or rollout.is_finished or self.scene.run_by is not run_by:
                return None
            if is_over:
                return confirm_taking_over(rollout, self.scene.around.lease)
            return confirm(rollout, Action.TAKE_UP)

        self._ask(current, self.TakeUpWanted(from_the_living=is_over))

    def _ask(self, current: Callable[[], Confirmation | None], yes: Message) -> None:
        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.post_message(yes)

        self.app.push_screen(ConfirmScreen(current), answered)
