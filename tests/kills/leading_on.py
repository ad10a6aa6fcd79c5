"""Where does an operator come who types what the console says, from `resume` on?"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.acceptance.world import Line, Ran, SandboxWorld, console

MOST_MOVES = 6
"""A lock, an orphan and a slot in one region, and the rest of the fleet: no more can be wrong."""

_COMMAND = re.compile(r"release-console ((?:recover|resume|--auto)\b.*)")


@dataclass(frozen=True, slots=True)
class Step:
    """One command that was typed, and how it ended."""

    command: str
    """Its words, without what names the settings."""
    ran: Ran

    @property
    def outcome(self) -> str:
        """The outcome of a rollout that it ran to its end; else its exit code."""
        last = self.ran.lines[-1] if self.ran.stdout.strip() else {}
        word = last.get("outcome") if last.get("type") == "rollout.finished" else None
        return str(word or f"exit {self.ran.exit_code}")


def lead_on(world: SandboxWorld, *, confirm: str | None = None) -> Iterator[Step]:
    """Type `resume`, then what its last paragraph says, then what is recommended, to the end.

    Args:
        world: where a console has died.
        confirm: the fleet's name, to take it from a console that lives.

    Yields:
        Each command, when it has ended.
    """
    more = ("--confirm", confirm) if confirm else ()
    step = _type(world, ("resume", "--yes", "--json", *more, "--config", str(world.config)))
    yield step
    if step.outcome == "completed":
        return
    said = _ending(step)
    for _ in range(MOST_MOVES):
        command = said.pop(0) if said and not _is_rest(said[0]) else _advised(world)
        if command is None and said:
            command = said.pop()  # what goes on with the other regions, once this one is whole
        if command is None:
            return
        step = _type(world, command)
        yield step
        said = _ending(step) or [words for words in said if _is_rest(words)]


def _type(world: SandboxWorld, words: tuple[str, ...]) -> Step:
    ran = console(*words)
    left_out = {"--yes", "--json", "--config", str(world.config)}
    return Step(" ".join(word for word in words if word not in left_out), ran)


def _advised(world: SandboxWorld) -> tuple[str, ...] | None:
    """Return the move that is recommended now, for the first region that has one."""
    told = console("recover", "--json", "--config", str(world.config))
    regions: Line = json.loads(told.stdout)
    for region in regions.values():
        for action in region["actions"]:
            if action["standing"] == "recommended":
                return _words(action["command"])
    return None


def _ending(step: Step) -> list[tuple[str, ...]]:
    """Return the first command that the last paragraph of a rollout names, and what ships the rest.

    Those between are other ways out of the same trouble.
    """
    if not step.ran.stdout.strip() or step.ran.last["type"] != "rollout.finished":
        return []
    lines = step.ran.last["next"].splitlines()
    found = [_words(match[0]) for line in lines if (match := _COMMAND.search(line))]
    return found[:1] + [words for words in found[1:] if _is_rest(words)]


def _is_rest(words: tuple[str, ...]) -> bool:
    return words[0] == "--auto"


def _words(command: str) -> tuple[str, ...]:
    words = tuple(shlex.split(command)[1:])
    return words if "--json" in words else (*words, "--json")
