"""How does a scenario use the console? As an operator does: as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from console.sandbox.leftovers import GUEST_MARK
from console.sandbox.scenarios.fitness import Status, lasting, obstacles
from console.sandbox.scenarios.scenario import ScenarioError, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from console.sandbox.scenarios.scenario import Stage

Line = dict[str, Any]

_ROLLOUT_SECONDS = 900
_REST_SECONDS = 30
_DEATH_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Rollout:
    """A console with `--auto` that runs."""

    process: subprocess.Popen[bytes]
    output: Path
    """Its JSON lines."""

    def lines(self) -> list[Line]:
        """Return the lines so far."""
        text = self.output.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, found: Callable[[list[Line]], bool], what: str) -> None:
        """Wait until its lines show it.

        Raises:
            ScenarioError: it ended first, or took too long.
        """

        def look() -> bool:
            has_ended = self.process.poll() is not None
            if found(self.lines()):
                return True
            if has_ended:
                raise ScenarioError(f"The rollout ended before {what}.", self._reason())
            return False

        wait_until(look, _ROLLOUT_SECONDS, what)

    def ends_with(self, exit_code: int) -> Line:
        """Wait for its end, and return its last line.

        Raises:
            ScenarioError: it ended with another exit code.
        """
        ended = self.process.wait(_ROLLOUT_SECONDS)
        if ended != exit_code:
            raise ScenarioError(
                f"The rollout ended with exit code {ended}, not {exit_code}: this trouble did not "
                "come about.",
                self._reason(),
            )
        return self.lines()[-1]

    def kill_with_its_terraform(self) -> int:
        """SIGKILL the console, and Terraform with all that it has started.

        Returns:
            How many processes that were.
        """
        console = psutil.Process(self.process.pid)
        # Stopped first: it could start another Terraform between the look and the kill.
        console.send_signal(signal.SIGSTOP)
        killed = [console, *console.children(recursive=True)]
        for process in killed:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()
        psutil.wait_procs(killed[1:], _DEATH_SECONDS)
        return len(killed)

    def _reason(self) -> str:
        lines = self.lines()
        return str(lines[-1].get("reason", "")) if lines else "It has said nothing on stdout."


@contextmanager
def rolling_out(stage: Stage, settings: Path, *options: str) -> Iterator[Rollout]:
    """Run `--auto` with its narration on our own stderr; it has ended when the block has.

    Args:
        stage: the world.
        settings: the console's.
        options: `--release` and more.
    """
    output = stage.layout.store / f"{settings.stem}.jsonl"
    output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with output.open("wb") as stdout:
        process = subprocess.Popen(
            _command("--auto", "--json", "--config", str(settings), *options),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            env=_environment(stage),
        )
    try:
        yield Rollout(process, output)
    except Exception:
        # What an apply has begun is finished. Ctrl-C needs no word from us: it reaches both.
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        raise
    finally:
        process.wait()


def leave_rolling_out(stage: Stage, settings: Path, who: str, *options: str) -> Rollout:
    """Start `--auto` as somebody else, to go on when we have ended.

    Args:
        stage: the world.
        settings: the console's.
        who: the name of whom it is to run as.
        options: `--release` and more.
    """
    output = stage.layout.directory / f"{settings.stem}.jsonl"
    with output.open("wb") as stdout, output.with_suffix(".log").open("wb") as stderr:
        process = subprocess.Popen(
            _command("--auto", "--json", "--config", str(settings), *options),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=_environment(stage) | {"LOGNAME": who},
            start_new_session=True,
        )
    return Rollout(process, output)


def status_of(stage: Stage) -> Status:
    """Return what `status --json` tells.

    Raises:
        ScenarioError: it tells nothing.
    """
    done = subprocess.run(
        _command("status", "--json", "--config", str(stage.layout.config)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(stage),
        check=False,
    )
    if done.returncode != 0:
        raise ScenarioError("The fleet's status is not to be had.", done.stderr.strip())
    status: Status = json.loads(done.stdout)
    return status


def require_rest(stage: Stage, regions: Iterable[str]) -> Status:
    """Return the status of a fleet in which nothing is wrong yet.

    Raises:
        ScenarioError: something is; the message says all of it.
    """
    wanted, last = tuple(regions), [""]

    def look() -> Status | None:
        status = status_of(stage)
        found = obstacles(status, wanted)
        last[0] = "; ".join(found)
        if lasting(status, wanted):
            raise ScenarioError(last[0])
        return None if found else status

    try:
        # A worker that has just started is healthy in a few seconds, and a look may fail once.
        return wait_until(look, _REST_SECONDS, "a fleet at rest")
    except ScenarioError:
        if not last[0]:
            raise  # its status is not to be had
        raise ScenarioError(
            f"This sandbox is not fit for another trouble: {last[0]}.",
            "Lead it out of that one first (release-console status says how), or start afresh: "
            f"release-console sandbox down --dir {stage.world.directory}, and up.",
        ) from None


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "console.cli", *arguments]


def _environment(stage: Stage) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RELEASE_CONSOLE_"))
    }
    # Whatever works on the world ends with it.
    return own | {GUEST_MARK: str(stage.world.directory)}
