"""Which moments are shown, and which keys lead to them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from console.domain.events import (
    ApprovalRequested,
    Event,
    GateJudged,
    RolloutFinished,
    RolloutHalted,
    StepStarted,
)
from console.domain.fleet import RegionName
from console.domain.gates import Status
from console.domain.signs import Mode
from console.domain.steps import Asks, Step
from console.tui.theme import COLOUR_BLIND, LIGHT
from screenshots.recording import recorded
from screenshots.stage import Stage

SMALL, NORMAL, LARGE = (80, 24), (120, 36), (200, 60)


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of a recording."""

    recording: str
    after: Callable[[Event], bool]
    """True of the event that it comes after."""
    by: timedelta = timedelta(0)
    """How long after that event it is."""
    earlier: tuple[str, ...] = ()
    """Recordings of rollouts that had ended before, the newest first."""
    mode: Mode = Mode.OPERATE
    begins: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)

    def stage(self) -> Stage:
        """Return what the app is shown."""
        whole = recorded(self.recording)
        moment = whole.when(self.after) + self.by
        return Stage(
            whole.until(moment),
            moment,
            tuple(recorded(name) for name in self.earlier),
            self.mode,
            self.begins,
            {RegionName(name): error for name, error in self.errors.items()},
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture."""

    name: str
    scene: Scene
    keys: tuple[str, ...] = ()
    """What is pressed; a key in quotes is a text that has to be seen before the next one."""
    sees: str = ""
    """What has to be on the screen in the end."""
    size: tuple[int, int] = NORMAL
    theme: str = ""


def _begun(step: Step, unit: str | None = None) -> Callable[[Event], bool]:
    def holds(event: Event) -> bool:
        return isinstance(event, StepStarted) and (event.at.step, event.at.unit) == (step, unit)

    return holds


def _asked(asks: Asks, unit: str | None = None) -> Callable[[Event], bool]:
    def holds(event: Event) -> bool:
        if not isinstance(event, ApprovalRequested):
            return False
        return (event.subject.asks, event.subject.unit) == (asks, unit)

    return holds


def _judged(region: str, status: Status) -> Callable[[Event], bool]:
    def holds(event: Event) -> bool:
        if not isinstance(event, GateJudged):
            return False
        return (event.region, event.verdict.status) == (region, status)

    return holds


def _halted(event: Event) -> bool:
    return isinstance(event, RolloutHalted)


def _finished(event: Event) -> bool:
    return isinstance(event, RolloutFinished)


_SECOND = timedelta(seconds=1)
_EARLIER = ("0.9.1-rc1", "0.9.0", "0.8.9")
_HALT_EARLIER = ("0.9.1", *_EARLIER)

_START = Scene("0.9.1", _asked(Asks.START), 8 * _SECOND, _EARLIER, begins=False)
_ROLLING = Scene("0.9.1", _begun(Step.APPLY, "us-west-1"), 50 * _SECOND, _EARLIER)
_PUSHING = Scene("0.9.1", _begun(Step.PUSH), 4 * _SECOND, _EARLIER)
_LATER = Scene("0.9.1", _begun(Step.APPLY, "eu-west-1"), 52 * _SECOND, _EARLIER)
_JUDGED = Scene("0.9.1", _judged("us-west-1", Status.WAIT), 12 * _SECOND, _EARLIER)
_HALTED = Scene("0.9.2", _halted, 34 * _SECOND, _HALT_EARLIER)
_COMPLETED = Scene("0.9.1", _finished, 2 * _SECOND, _EARLIER)
_CLOSED = Scene("0.9.2", _finished, 2 * _SECOND, _HALT_EARLIER)
_PRODUCTION = Scene("0.9.1-in-production", _asked(Asks.START), 6 * _SECOND, _EARLIER)
_WATCHED = Scene(
    "0.9.1",
    _begun(Step.APPLY, "us-west-1"),
    50 * _SECOND,
    _EARLIER,
    Mode.WATCH,
    errors={"eu-west-1": "DescribeInstances: Could not connect to the endpoint URL"},
)
# From the regions to the second one, where slot 1 has halted, and to its console.
_TO_REGION = ("down", "enter", "'deposed'", "down", "enter")

MOMENTS: tuple[Moment, ...] = (
    Moment("start", _START, sees="in the registry"),
    Moment("layers", _PUSHING, ("2",), "layers pushed"),
    Moment("console", _ROLLING, sees="Apply?"),
    Moment("plan-review", _ROLLING, ("a",), "the guard found nothing"),
    Moment("raw-plan", _ROLLING, ("a", "'the guard found'", "r"), "made from serial"),
    Moment("dangerous", _PRODUCTION, ("a", "'type browser'", *"browser-check"), "browser-check"),
    Moment("plan", _ROLLING, ("3",), "replace, new first"),
    Moment("chart", _LATER, ("6",), "healthy workers"),
    Moment("gates", _JUDGED, ("4",), "oldest"),
    Moment("timeline", _JUDGED, ("5",), "verifying"),
    Moment("halted", _HALTED, ("5",), "NOT READY"),
    Moment("region", _HALTED, _TO_REGION, "cloud-init"),
    Moment("recover", _HALTED, ("v",), "✗ untaint"),
    Moment("completed", _COMPLETED, ("5",), "completed"),
    Moment("history", _CLOSED, ("h", "'aborted'"), "partial"),
    Moment("replay", _CLOSED, ("h", "'partial'", "enter", "'REPLAY'", *["right"] * 22), "0.9.2"),
    Moment("watch", _WATCHED, (), "! eu-west-1"),
    Moment("help", _ROLLING, ("question_mark",), "Interrupt Terraform"),
    Moment("leave", _ROLLING, ("q",), "keep watching"),
    Moment("palette", _ROLLING, ("ctrl+p", "'Finish regions'"), "OPERATE"),
    Moment("light", _ROLLING, theme=LIGHT.name, sees="Apply?"),
    Moment("colour-blind", _HALTED, ("5",), "NOT READY", theme=COLOUR_BLIND.name),
    Moment("small", _ROLLING, size=SMALL, sees="Apply?"),
    Moment("small-start", _START, size=SMALL, sees="in the registry"),
    Moment("small-plan-review", _ROLLING, ("a",), "guard", size=SMALL),
    Moment("small-region", _HALTED, _TO_REGION, "cloud-init", size=SMALL),
    Moment("small-recover", _HALTED, ("v",), "✗ untaint", size=SMALL),
    Moment("large", _ROLLING, size=LARGE, sees="Apply?"),
    Moment("large-region", _HALTED, _TO_REGION, "cloud-init", size=LARGE),
)
"""Every picture, in the order in which an operator comes to see them."""
