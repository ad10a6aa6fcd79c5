"""Is there a world in this directory, and how is one started in the background, used and ended?"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

from console.sandbox.books import replace_text
from console.sandbox.config_text import operator_environment
from console.sandbox.errors import WorldError
from console.sandbox.layout import Layout
from console.sandbox.leftovers import GUEST_MARK, end_everything, kill_marked
from console.sandbox.spec import AUTO, RunningWorld, WorldSpec

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 90
"""How long a world may take to start."""

_LOG_LINES = 20
_STOP_MARGIN_SECONDS = 40
_CLOCK_TOLERANCE_SECONDS = 2


def load(directory: Path) -> RunningWorld | None:
    """The world that runs in a directory; None if none does."""
    path = Layout(directory.resolve()).world
    try:
        world = RunningWorld.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
    return world if _supervisor(world) is not None else None


def environment(directory: Path) -> dict[str, str]:
    """The variables that make the console, Terraform and SDKs use the world in a directory.

    Raises:
        WorldError: no world runs there.
    """
    return operator_environment(_running(directory))


def start_detached(spec: WorldSpec) -> RunningWorld:
    """Start a world in the background and return when it answers.

    A world that runs there already with the same regions is joined: it is returned as it is.

    Raises:
        WorldError: it did not start, or another world runs in its directory.
    """
    directory = spec.directory.resolve()
    layout = Layout(directory)
    if running := load(directory):
        return _join(running, spec)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A name of its own: the running world's spec.json, if another start wins, is not touched.
    wanted = directory / f"spec-{os.getpid()}.json"
    replace_text(wanted, spec.to_json())
    reader, writer = os.pipe()
    try:
        with layout.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "console.sandbox.daemon", str(wanted), str(writer)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writer,),
                start_new_session=True,
                cwd="/",
            )
        os.close(writer)
        answer = _answer(reader)
    finally:
        os.close(reader)
        wanted.unlink(missing_ok=True)
    if error := answer.get("error"):
        process.wait()
        raise WorldError(error, answer.get("hint", ""))
    world = load(directory)
    if "ready" not in answer or world is None:
        process.kill()
        process.wait()
        end_everything(layout)
        raise WorldError(
            f"The world in {directory} did not start.", f"The end of its log:\n{_tail(layout.log)}"
        )
    # The supervisor outlives this process on purpose: Popen need not complain about it.
    process.returncode = 0
    return world


def stop(directory: Path) -> bool:
    """End the world in a directory and whatever it left behind; returns whether one was running."""
    directory = directory.resolve()
    world = load(directory)
    supervisor = _supervisor(world) if world else None
    if world and supervisor:
        supervisor.terminate()
        patience = world.spec.stop_grace.total_seconds() + _STOP_MARGIN_SECONDS
        try:
            supervisor.wait(patience)
        except psutil.TimeoutExpired:
            supervisor.kill()
            supervisor.wait(_STOP_MARGIN_SECONDS)
    layout = Layout(directory)
    try:
        end_everything(layout)
    finally:
        kill_marked(GUEST_MARK, str(directory))
        layout.world.unlink(missing_ok=True)
    return supervisor is not None


def _running(directory: Path) -> RunningWorld:
    if world := load(directory):
        return world
    raise WorldError(
        f"No world runs in {directory}.", "Start one with `release-console sandbox up`."
    )


def _supervisor(world: RunningWorld) -> psutil.Process | None:
    """The supervisor's process, if it is still the one that wrote world.json."""
    try:
        process = psutil.Process(world.pid)
        is_same = abs(process.create_time() - world.started) < _CLOCK_TOLERANCE_SECONDS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _join(running: RunningWorld, spec: WorldSpec) -> RunningWorld:
    if spec.instances not in {AUTO, running.spec.instances}:
        raise WorldError(
            f"The instances of the world in {running.directory} are {running.spec.instances}.",
            "End it with `release-console sandbox down`, or choose another --dir.",
        )
    if dict(running.regions) == dict(spec.regions):
        return running
    raise WorldError(
        f"A world with other regions runs in {running.directory} already.",
        "End it with `release-console sandbox down`, or choose another --dir.",
    )


def _answer(reader: int) -> dict[str, str]:
    """What the supervisor says when it is ready or has failed; empty if it ended without a word."""
    if not select.select([reader], [], [], START_SECONDS)[0]:
        return {}
    with os.fdopen(os.dup(reader), encoding="utf-8") as pipe:
        line = pipe.readline()
    answer: dict[str, str] = json.loads(line) if line else {}
    return answer


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    except FileNotFoundError:
        return "(there is none)"
