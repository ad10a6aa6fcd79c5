"""What does a Dockerfile's last stage start, and with which environment?

Only what the sandbox needs: ENTRYPOINT, CMD, ENV, WORKDIR, ARG defaults and stages that build on
one another. RUN and COPY are not obeyed: the context itself is the image's file system.
https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from console.sandbox.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)[\"']?")


@dataclass(frozen=True, slots=True)
class Stage:
    """What one build stage has said so far."""

    name: str = ""
    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    working_directory: str = "/"

    @property
    def command(self) -> tuple[str, ...]:
        """ENTRYPOINT and CMD as one argument list, as Docker joins their exec forms."""
        return self.entrypoint + self.arguments


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its lines joined."""

    line: int
    keyword: str
    rest: str


def read_last_stage(path: Path) -> Stage:
    """Read the stage that an image is made of.

    Raises:
        ImageError: nothing is started, or an ENTRYPOINT or CMD is in shell form.
    """
    stages: list[Stage] = []
    defaults: dict[str, str] = {}
    for instruction in _instructions(path.read_text(encoding="utf-8")):
        if instruction.keyword == "FROM":
            stages.append(_new_stage(instruction.rest, stages))
        elif instruction.keyword == "ARG":
            name, _, default = instruction.rest.partition("=")
            defaults.setdefault(name, default.strip("\"'"))
        elif stages:
            stages[-1] = _obey(path, stages[-1], instruction, defaults)
    if not stages or not stages[-1].command:
        raise ImageError(
            f"{path} starts nothing: its last stage has neither ENTRYPOINT nor CMD.",
            'Add one in exec form, such as ENTRYPOINT ["python3", "-u", "launcher.py"].',
        )
    return stages[-1]


def _instructions(text: str) -> Iterator[Instruction]:
    started, joined, heredoc = 0, "", ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if heredoc:
            heredoc = "" if line == heredoc else heredoc
            continue
        if not line or line.startswith("#"):
            continue
        started = started or number
        joined += line.removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        keyword, _, rest = joined.strip().partition(" ")
        yield Instruction(started, keyword.upper(), rest.strip())
        if keyword.upper() in {"RUN", "COPY", "ADD"} and (opened := _HEREDOC.search(rest)):
            heredoc = opened.group(1)
        started, joined = 0, ""


def _new_stage(rest: str, earlier: list[Stage]) -> Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    for stage in earlier:
        if words and stage.name and stage.name == words[0]:
            return replace(stage, name=name)
    return Stage(name=name)


def _obey(path: Path, stage: Stage, instruction: Instruction, defaults: dict[str, str]) -> Stage:
    match instruction.keyword:
        case "ENTRYPOINT":
            # Docker forgets an inherited CMD when ENTRYPOINT is set anew.
            return replace(stage, entrypoint=_exec_form(path, instruction), arguments=())
        case "CMD":
            return replace(stage, arguments=_exec_form(path, instruction))
        case "WORKDIR":
            return replace(stage, working_directory=instruction.rest.strip("\"'"))
        case "ENV":
            added = _environment(instruction.rest, defaults | dict(stage.environment))
            return replace(stage, environment=MappingProxyType({**stage.environment, **added}))
        case _:
            return stage


def _exec_form(path: Path, instruction: Instruction) -> tuple[str, ...]:
    try:
        words = json.loads(instruction.rest)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        example = json.dumps(shlex.split(instruction.rest.strip("[]"), posix=False))
        raise ImageError(
            f"{path}, line {instruction.line}: {instruction.keyword} is in shell form, "
            f"where a shell takes the SIGTERM that the worker needs.",
            f"Write it as a JSON list: {instruction.keyword} {example}",
        )
    return tuple(words)


def _environment(rest: str, known: Mapping[str, str]) -> dict[str, str]:
    first = rest.split(maxsplit=1)
    if "=" not in first[0]:
        return {first[0]: _substitute(first[1] if len(first) > 1 else "", known)}
    pairs = (word.partition("=") for word in shlex.split(rest))
    return {name: _substitute(value, known) for name, _, value in pairs}


def _substitute(text: str, known: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        return known.get(name) or match["default"] or ""

    return _VARIABLE.sub(value_of, text)
