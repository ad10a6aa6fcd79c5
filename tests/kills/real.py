"""What becomes of a real rollout whose console is killed at each position of its journal?

    python -m tests.kills.real --positions all
    python -m tests.kills.real --positions 8 --with-terraform
    python -m tests.kills.real --positions 12,20,31

One sandbox of 3 regions, a release for each kill. stdout is a table in Markdown, a line as soon as
it is known; stderr tells how far it is. A kill and what follows take about a minute and a half.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tests.acceptance.world import SandboxWorld
from tests.kills.account import before, wrongs
from tests.kills.killing import Killed, NeverReachedError, kill_at
from tests.kills.leading_on import lead_on
from tests.kills.recorded import Recorded
from tests.kills.table import Row, head, line, total
from tests.kills.three_regions import three_regions


def main(arguments: Sequence[str]) -> int:
    """Kill, lead on and tell; return 0 where every kill ended well, else 5."""
    asked = _parsed(arguments)
    rows = []
    with three_regions() as (world, recorded):
        positions = _chosen(_all_positions(world, recorded), asked.positions)
        _say(f"positions {', '.join(map(str, positions))}")
        print(head(), flush=True)
        for number, seq in enumerate(positions, start=1):
            release = f"1.0.{number}"
            _say(f"{release} is killed at {seq}")
            row = _killed_at(world, recorded, release, seq, with_terraform=asked.with_terraform)
            rows.append(row)
            print(line(row), flush=True)
            if row.wrongs:
                # The next one would begin with what this one has left behind.
                break
    print(f"\n{total(rows)}")
    return 5 if any(row.wrongs for row in rows) else 0


def killed_and_led_on(
    world: SandboxWorld, recorded: Recorded, release: str, kill: Callable[[], Killed]
) -> Row:
    """Kill a rollout of `release`, type what the console says, and return where that led.

    Raises:
        NeverReachedError: the rollout has ended before.
    """
    began, since = time.monotonic(), before(world, recorded)
    killed = kill()
    steps = list(lead_on(world))
    extra = len(killed.applying) if killed.terraforms else 0
    return Row(
        position=killed.seq,
        told=killed.told,
        typed=tuple(f"{step.command}: {step.outcome}" for step in steps),
        outcome=steps[-1].outcome,
        seconds=time.monotonic() - began,
        wrongs=tuple(wrongs(world, recorded, since, steps, release, extra_instances=extra)),
    )


def _killed_at(
    world: SandboxWorld, recorded: Recorded, release: str, seq: int, *, with_terraform: bool
) -> Row:
    def kill() -> Killed:
        return kill_at(world, recorded, release, seq, with_terraform=with_terraform)

    try:
        return killed_and_led_on(world, recorded, release, kill)
    except NeverReachedError as error:
        last = (str(error).splitlines() or ["it said nothing"])[-1]
        return Row(seq, "has ended before", (), "", 0, (last,))


def _all_positions(world: SandboxWorld, recorded: Recorded) -> list[int]:
    """Run one rollout that nobody kills, and return where it could have been killed."""
    _say("first a rollout that nobody kills, to know the positions")
    known = recorded.rollouts()
    whole = world.roll_out("1.0.0")
    assert whole.exit_code == 0, whole.stderr
    (name,) = recorded.rollouts() - known
    return [position.seq for position in recorded.positions(name)]


def _chosen(every: Sequence[int], wanted: str) -> list[int]:
    """Return the positions that `wanted` names: all, so many evenly spread ones, or a list."""
    if wanted == "all":
        return list(every)
    if "," in wanted:
        return [int(seq) for seq in wanted.split(",") if seq]
    most = min(int(wanted), len(every))
    return [every[index * len(every) // most] for index in range(most)]


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kills.real", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--positions", default="8", help="all; a number; or a list: 12,20,")
    parser.add_argument("--with-terraform", action="store_true", help="kill Terraform as well")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
