"""How is a root applied that is no fleet: queues, say?

Plan and apply in one go, without a guard: for what is made once, in an environment that is empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from console.adapters.process import OnLine
from console.adapters.terraform import argv, variables
from console.adapters.terraform.diagnostics import failure_of
from console.adapters.terraform.initialised import only_one
from console.adapters.terraform.plugins import find_plugin_dir
from console.adapters.terraform.private import make_private
from console.adapters.terraform.runner import Runner
from console.adapters.terraform.stream import Stream
from console.adapters.terraform.variables import Json
from console.domain.failure import Failure
from console.domain.fleet import UnitName
from console.engine.ports import OnProgress


async def apply_root(
    runner: Runner,
    name: UnitName,
    root: Path,
    backend: Mapping[str, str | bool | int],
    given: Mapping[str, Json],
    work_dir: Path,
    on_progress: OnProgress,
) -> Failure | None:
    """Initialise, plan and apply `root`.

    Args:
        runner: runs the commands.
        name: of this application of the root, for its directories and logs.
        root: the root module.
        backend: for `-backend-config`.
        given: the root's variables.
        work_dir: for the data directory, the plan and the variables.
        on_progress: hears how far it is.
    """
    data_dir = work_dir / "data" / name
    make_private(data_dir)
    plugin_dir = await asyncio.to_thread(find_plugin_dir, None)
    plan, var_file = data_dir / "plan.tfplan", data_dir / "given.tfvars.json"
    variables.write(var_file, given)
    root = root.absolute()
    async with only_one(root):
        failure = await _run(runner, name, data_dir, argv.init(root, backend, plugin_dir), None)
    stream = Stream(name, on_progress)
    commands = (
        argv.plan(root, out=plan, var_file=var_file, parallelism=10),
        argv.apply(root, plan, parallelism=10),
    )
    for command in commands:
        if failure is None:
            failure = await _run(runner, name, data_dir, command, stream.hear, stream)
    plan.unlink(missing_ok=True)
    return failure


async def _run(
    runner: Runner,
    name: UnitName,
    data_dir: Path,
    command: tuple[str, ...],
    on_line: OnLine | None,
    stream: Stream | None = None,
) -> Failure | None:
    word = command[1]
    done = await runner.run(name, data_dir, command, on_line, log_as=word)
    if isinstance(done, Failure):
        return done
    completed, was_interrupted = done
    if completed.exit_code == 0:
        return None
    return failure_of(
        f"{word} of {name}",
        () if stream is None else stream.errors,
        exit_code=completed.exit_code,
        stderr=completed.stderr,
        was_interrupted=was_interrupted,
    )
