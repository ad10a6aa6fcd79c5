"""A sandbox and the console as their users run them: as processes, by their command lines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from console.sandbox.scenarios.fitness import lasting

SAMPLE_WORKER = Path(__file__).parents[2] / "console" / "sandbox" / "worker"

_LATE_S = 30

Line = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Ran:
    """One command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[Line]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def last(self) -> Line:
        """The last JSON line."""
        return self.lines[-1]

    def of_type(self, kind: str) -> list[Line]:
        """The JSON lines of one type."""
        return [line for line in self.lines if line["type"] == kind]


def console(*arguments: str, cwd: Path | None = None, timeout_s: float = 400) -> Ran:
    """Run release-console to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        check=False,
        env=_environment(),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class SandboxWorld:
    """A sandbox that runs."""

    directory: Path

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.directory / "config.yaml"

    def roll_out(self, release: str, *more: str, config: Path | None = None) -> Ran:
        """Run a rollout with --auto and --json to its end."""
        return console(*self._rollout(release, config), *more)

    def status(self) -> Line:
        """What `status --json` tells."""
        told: Line = json.loads(console("status", "--json", "--config", str(self.config)).stdout)
        return told

    def settled(self, *regions: str) -> Line:
        """What `status --json` tells once every worker of some regions, or of all, is healthy.

        On a busy machine a beat may be late, and a look be given up. What time alone does not mend,
        an open rollout and a lease among it, is told at once, and anything else as it is after half
        a minute.
        """
        deadline = time.monotonic() + _LATE_S
        while True:
            status = self.status()
            wanted = regions or tuple(status["regions"])
            unfit = [name for name in wanted if not _is_fit(status["regions"][name])]
            if not unfit or lasting(status, unfit) or time.monotonic() > deadline:
                return status
            time.sleep(0.2)

    def books(self) -> Line:
        """What `sandbox books --json` tells."""
        ran = console("sandbox", "books", "--json", "--dir", str(self.directory))
        books: Line = json.loads(ran.stdout)
        return books

    def context(self, name: str, launcher: str) -> Path:
        """Make a build context with this launcher, and settings that ship it.

        Returns:
            The settings.
        """
        context = self.directory.parent / f"context-{name}"
        shutil.copytree(SAMPLE_WORKER, context, ignore=shutil.ignore_patterns("__pycache__"))
        (context / "launcher.py").write_text(launcher, encoding="utf-8")
        text = self.config.read_text(encoding="utf-8")
        assert str(SAMPLE_WORKER) in text
        text = text.replace(f"context: {SAMPLE_WORKER}", f"context: {context}")
        settings = self.directory / f"{name}.yaml"
        settings.write_text(text.replace("within: 60s", "within: 20s"), encoding="utf-8")
        return settings

    @contextmanager
    def rolling_out(self, release: str, *more: str) -> Iterator[RunningConsole]:
        """Run a rollout in the background; it is ended at the latest when the block ends."""
        with self.running(release, *self._rollout(release, None), *more) as running:
            yield running

    @contextmanager
    def running(self, name: str, *words: str) -> Iterator[RunningConsole]:
        """Run a command in the background; it is ended at the latest when the block ends.

        Args:
            name: of the files that it writes to.
            words: the command line.
        """
        output = self.directory.parent / f"{name}.jsonl"
        with output.open("wb") as stdout, output.with_suffix(".err").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "console.cli", *words],
                stdout=stdout,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        try:
            yield RunningConsole(process, output)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _rollout(self, release: str, config: Path | None) -> tuple[str, ...]:
        return ("--auto", "--json", "--release", release, "--config", str(config or self.config))


@dataclass(frozen=True)
class RunningConsole:
    """A console that runs in the background."""

    process: subprocess.Popen[bytes]
    output: Path

    def lines(self) -> list[Line]:
        """The JSON lines so far."""
        text = self.output.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def wait_for(
        self, is_it: Callable[[Line], bool], timeout_s: float = 300, *, after: int = 0
    ) -> Line:
        """Wait for the first line that `is_it`, of those after the first `after`."""

        return wait_until(
            lambda: next((line for line in self.lines()[after:] if is_it(line)), None), timeout_s
        )

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C in a terminal does to the console."""
        self.process.send_signal(signal.SIGINT)

    def ended(self, timeout_s: float = 300) -> Ran:
        """Wait for its end."""
        exit_code = self.process.wait(timeout_s)
        narration = self.output.with_suffix(".err").read_text(encoding="utf-8")
        return Ran(exit_code, self.output.read_text(encoding="utf-8"), narration)


def _is_fit(region: Line) -> bool:
    return region["error"] is None and region["healthy"] >= region["desired"]


def wait_until(find: Callable[[], T | None], timeout_s: float) -> T:
    """Ask until `find` finds something.

    Raises:
        AssertionError: it found nothing in time.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.2)
    raise AssertionError(f"nothing was found within {timeout_s:.0f} s")


def processes_of(directory: Path) -> list[str]:
    """Return the command lines of all processes that have `directory` in them or in their PATH."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            surroundings = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command + surroundings:
            found.append(command)
    return found


def _environment() -> dict[str, str]:
    """The tests' own environment, without what would name another AWS or other settings."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RELEASE_CONSOLE_"))
    }
