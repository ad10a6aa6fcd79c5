"""How does one unit's Terraform command run, and what does its end mean?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.adapters.process import Completed
from console.adapters.terraform import argv
from console.adapters.terraform.diagnostics import failure_of
from console.adapters.terraform.initialised import only_one, stamp_for
from console.adapters.terraform.plugins import find_plugin_dir
from console.adapters.terraform.private import make_private
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.stream import Stream
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import UnitName


class Commands:
    """Runs Terraform in the units' working directories."""

    def __init__(self, spec: TerraformSpec, runner: Runner) -> None:
        """Start nothing yet.

        Args:
            spec: what the settings say.
            runner: runs the processes.
        """
        self._spec = spec
        self._runner = runner
        self.root = spec.root.absolute()
        """The root module."""

    async def prepare(self, unit: UnitName) -> Failure | None:
        """Initialise the unit's working directory, unless that is done already."""
        binary = self._runner.binary()
        if isinstance(binary, Failure):
            return binary
        backend, data_dir = self._spec.backend_of(unit), self._spec.data_dir(unit)
        try:
            make_private(data_dir)
            plugin_dir = await asyncio.to_thread(find_plugin_dir, self._spec.plugin_dir)
            stamp = stamp_for(data_dir, self.root, backend, plugin_dir, binary.argv)
            if stamp.is_current():
                return None
            async with only_one(self.root):
                stamp.clear()
                command = argv.init(self.root, backend, plugin_dir)
                failure = await self.do(unit, "init", command)
                if failure is None:
                    stamp.write()
                return failure
        except OSError as error:
            return Failure(FailureKind.FAILED, f"init of {unit}: {error}")

    async def do(
        self, unit: UnitName, word: str, command: tuple[str, ...], stream: Stream | None = None
    ) -> Failure | None:
        """Run a command of a unit that is prepared, and keep its output.

        Args:
            unit: the unit.
            word: what the command is called in the log's name and in a failure.
            command: what `argv` built.
            stream: hears the output.
        """
        done = await self._runner.run(
            unit,
            self._spec.data_dir(unit),
            command,
            None if stream is None else stream.hear,
            log_as=word.replace(" ", ""),
        )
        if isinstance(done, Failure):
            return done
        completed, was_interrupted = done
        if completed.exit_code == 0:
            return None
        return _failure(f"{word} of {unit}", completed, stream, was_interrupted=was_interrupted)

    async def prepared(self, unit: UnitName, word: str, command: tuple[str, ...]) -> Failure | None:
        """Prepare the unit, then run a command; see `do`."""
        return await self.prepare(unit) or await self.do(unit, word, command)

    async def ask(self, unit: UnitName, what: str, command: tuple[str, ...]) -> str | Failure:
        """Return what a command prints. Nothing of it is kept: it may hold secrets.

        Args:
            unit: the unit, which is prepared.
            what: is asked, for a failure.
            command: what `argv` built.
        """
        done = await self._runner.run(unit, self._spec.data_dir(unit), command)
        if isinstance(done, Failure):
            return done
        completed, was_interrupted = done
        if completed.exit_code == 0:
            return completed.stdout
        return _failure(f"{what} of {unit}", completed, None, was_interrupted=was_interrupted)

    async def pull(self, unit: UnitName) -> str | Failure:
        """Return the raw state as Terraform tells it; empty where there is none yet."""
        failure = await self.prepare(unit)
        if failure is not None:
            return failure
        return await self.ask(unit, "state pull", argv.state_pull(self.root))

    async def push(self, unit: UnitName, state_file: Path) -> Failure | None:
        """Write a raw state. Terraform refuses one that is not newer, or of another lineage."""
        return await self.prepared(unit, "state push", argv.state_push(self.root, state_file))


def _failure(
    what: str, completed: Completed, stream: Stream | None, *, was_interrupted: bool
) -> Failure:
    return failure_of(
        what,
        () if stream is None else stream.errors,
        exit_code=completed.exit_code,
        stderr=completed.stderr,
        was_interrupted=was_interrupted,
    )
