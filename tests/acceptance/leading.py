"""Where does an operator come who types the advised commands, as they stand, into a shell?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .world import Line, Ran, SandboxWorld, console

MOVE_SECONDS = 400


def advice(config: Path, region: str) -> Line:
    """What `recover --json` tells of one region."""
    ran = console("recover", "--region", region, "--json", "--config", str(config))
    assert ran.exit_code == 0, ran.stderr
    told: Line = json.loads(ran.stdout)[region]
    return told


def action(told: Line, name: str) -> Line:
    """One move of an advice."""
    found: Line = next(one for one in told["actions"] if one["action"] == name)
    return found


def recommended(told: Line) -> Line | None:
    """The one move to make, or the only one that may be made; None where there is none.

    Whether a lock's holder is dead cannot be told while any older Terraform runs on the machine.
    """
    best = [one for one in told["actions"] if one["standing"] == "recommended"]
    fit = best or [one for one in told["actions"] if one["standing"] == "possible"]
    return fit[0] if len(fit) == 1 else None


def is_whole(region: Line) -> bool:
    """Whether a region of `status --json` needs nobody: a healthy worker in every slot, no more."""
    objects = region["objects"]
    return (
        region["error"] is None
        and region["lock"] is None
        and not region["errored_state"]
        and len(objects) == region["desired"]
        and all(
            (one["kind"], one["tainted"], one["health"]) == ("current", False, "healthy")
            for one in objects
        )
    )


def typed(command: str) -> Ran:
    """Run a command line as a shell does that finds release-console."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=MOVE_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
        env=_shell(),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def typing(command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command line as `typed` does, in the background; signals reach the console itself."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_shell(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _shell() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {"PATH": path}


def lead_on(
    world: SandboxWorld, region: str, config: Path | None = None, most: int = 5
) -> list[str]:
    """Type whatever is recommended until the region needs nobody.

    Args:
        world: the sandbox.
        region: where the trouble is.
        config: the settings of the rollout that stopped; None for the world's.
        most: more moves than this lead nowhere.

    Returns:
        The moves that were made. A rollout that was left open is gone on with first, as every
        other command says.

    Raises:
        AssertionError: nothing is recommended, or it did not lead to a whole region.
    """
    settings = config or world.config
    moves: list[str] = []
    while not is_whole(part := (status := world.settled(region))["regions"][region]):
        assert len(moves) < most, (moves, part)
        if (status["rollout"] or {}).get("phase") == "left_open":
            ran = typed(f"release-console resume --yes --config {settings}")
            assert ran.exit_code in {0, 2, 5}, ran.stderr
            moves.append("resume")
            continue
        told = advice(settings, region)
        best = recommended(told)
        assert best is not None, (moves, told)
        ran = typed(best["command"])
        # 5: a gate was not content, as when jobs had waited too long for the worker that was made.
        assert ran.exit_code in {0, 5}, (moves, best["command"], ran.stderr)
        moves.append(best["action"])
    assert world.books()["lost"] == 0
    return moves
