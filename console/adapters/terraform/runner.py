"""How does one Terraform command run for one unit, and what becomes of its output?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from console.adapters import process
from console.adapters.process import Completed, OnLine, Running
from console.adapters.terraform.binary import Binary, BinaryNotFoundError, find_binary
from console.adapters.terraform.environment import child_environment
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import UnitName


class Runner:
    """Runs Terraform, and knows which ones are running."""

    def __init__(
        self,
        logs: Path,
        *,
        binary: Binary | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run nothing yet.

        Args:
            logs: directory for the complete output of commands that print no secrets.
            binary: which Terraform; None to look for it at the first command.
            environment: what the child's is made from; None for the console's own.
        """
        self.logs = logs
        """The directory of the complete outputs."""
        self._binary = binary
        self._environment = os.environ if environment is None else environment
        self._running: set[Running] = set()

    def binary(self) -> Binary | Failure:
        """Return the Terraform that is used."""
        if self._binary is None:
            try:
                self._binary = find_binary()
            except BinaryNotFoundError as error:
                return Failure(FailureKind.FAILED, f"Terraform could not be started: {error}")
        return self._binary

    @property
    def in_flight(self) -> int:
        """How many Terraforms run, also those that nobody waits for any more."""
        return len(self._running)

    @property
    def workspace(self) -> str:
        """The workspace that the environment chooses; empty for the default."""
        return self._environment.get("TF_WORKSPACE", "")

    async def run(
        self,
        unit: UnitName,
        data_dir: Path,
        argv: tuple[str, ...],
        on_line: OnLine | None = None,
        *,
        log_as: str | None = None,
    ) -> tuple[Completed, bool] | Failure:
        """Run one command to its end.

        Args:
            unit: for the log's name.
            data_dir: TF_DATA_DIR.
            argv: what `argv` built.
            on_line: gets each line of standard output.
            log_as: the word for this command in the log's name; None for a command whose output
                holds secrets, of which nothing is kept.

        Returns:
            How it ended, and whether it got a SIGINT from here.
        """
        binary = self.binary()
        if isinstance(binary, Failure):
            return binary
        command = process.Command(
            argv=(*binary.argv, *argv),
            environment=child_environment(self._environment, data_dir),
            log=None if log_as is None else self._log(unit, log_as),
        )
        try:
            running = process.start(command, on_line)
        except OSError as error:
            return Failure(FailureKind.FAILED, f"{binary.name} could not be started: {error}")
        self._running.add(running)
        running.when_ended(lambda: self._running.discard(running))
        return await running.completed(), running.is_interrupted

    def interrupt(self) -> int:
        """Send the one SIGINT to each Terraform that runs, and return how many got it now."""
        return sum(running.interrupt() for running in tuple(self._running))

    def _log(self, unit: UnitName, word: str) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        return self.logs / f"{stamp}-{unit}-{word}.jsonl"
