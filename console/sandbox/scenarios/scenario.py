"""What is a scenario, and on what does it play?"""

from __future__ import annotations

import shlex
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.sandbox.errors import SandboxError
from console.sandbox.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.sandbox.spec import RunningWorld

T = TypeVar("T")

_LOOK_SECONDS = 0.2


class ScenarioError(SandboxError):
    """A scenario cannot be played, or did not lead where it was to lead."""


class TerraformByHand(Protocol):
    """What a person with a shell does to a region's state, behind the console's back."""

    def untaint(self, region: str, slots: range) -> None:
        """Run `terraform untaint` on slots of a region."""

    def leave_lock(self, region: str) -> str:
        """Kill a Terraform that holds the region's state lock, and return the lock's id."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A world that runs, and where in it the trouble is to be."""

    world: RunningWorld
    region: str
    say: Callable[[str], None]
    """Hears what is being done."""
    terraform: TerraformByHand

    @property
    def layout(self) -> Layout:
        """The world's files."""
        return Layout(self.world.directory)

    @property
    def slots(self) -> int:
        """How many slots the region has."""
        return self.world.regions[self.region]

    @property
    def all_slots(self) -> str:
        """The region's slots in words: "slot 0", "slots 0, 1, 2"."""
        numbers = ", ".join(map(str, range(self.slots)))
        return f"slot{'s' if self.slots > 1 else ''} {numbers}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One trouble: how to get into it, how to know it, and what leads out of it."""

    name: str
    summary: str
    """One line, for the list."""
    look_for: str
    """What shows it; may have `{region}` in it."""
    next_step: str
    """What to type; may have `{region}`, `{release}`, `{dir}`, and `{config}`, the scenario's own
    settings where it has some, or `{usual}`, the world's, in it."""
    play: Callable[[Stage], str]
    """Does it, and returns what is true now. Raises ScenarioError."""

    @property
    def release(self) -> str:
        """The label that the scenario's own rollout ships."""
        return f"0.9.1-{self.name}"

    def ending(self, stage: Stage, is_true: str) -> tuple[str, str, str]:
        """Return the last three lines: what is true, what to look for, what to type."""
        config = settings_file(stage.layout, self.name)
        words = {
            "region": stage.region,
            "release": self.release,
            "config": shlex.quote(str(config)),
            "usual": shlex.quote(str(stage.layout.config)),
            "dir": shlex.quote(str(stage.world.directory)),
        }
        return (
            f"now:      {is_true}",
            f"look for: {self.look_for.format(**words)}",
            f"type:     {self.next_step.format(**words)}",
        )


def wait_until(find: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask until `find` finds something.

    Raises:
        ScenarioError: it found nothing in time; the message names `what`.
    """
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while True:
        if found := find():
            return found
        if time.monotonic() > deadline:
            raise ScenarioError(
                f"{what} was waited for, and did not come within {seconds:.0f} s.",
                "Look at `release-console status` before you do anything else.",
            )
        pause.wait(_LOOK_SECONDS)


def settings_file(layout: Layout, scenario: str) -> Path:
    """Return the settings that a scenario has written, or else those of its world."""
    own = layout.scenario(scenario)
    return own if own.exists() else layout.config
