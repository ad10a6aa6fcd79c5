"""What does the console add to one region's plan and apply?

`python -m tests.benchmarks.region`: releases in turn with the console (from the first mark to the
end of the apply) and with bare `terraform plan -out` and `terraform apply`, on one sandbox.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from tests.benchmarks import console_side, settings_files
from tests.benchmarks.figures import Target, conclude, median, ratio, say, spread
from tests.benchmarks.measure import seconds
from tests.benchmarks.terraform_side import terraform_of
from tests.benchmarks.worlds import REGIONS, benchmark_world

_SLOTS = 3
_AT_MOST = 1.15


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="releases by each side")
    rounds: int = parser.parse_args().rounds
    console: list[console_side.ConsoleRelease] = []
    bare = []
    with benchmark_world({REGIONS[0]: _SLOTS}) as world:
        config = settings_files.per_region(world)
        terraform = terraform_of(world, config)
        for number in range(rounds):
            world.settle(config)
            console.append(console_side.release(world, config, f"1.{number}.0"))
            say(f"console: {seconds(console[-1].terraform_part)} s")
            world.settle(config)
            bare.append(terraform.plan_and_apply(f"1.{number}.1"))
            say(f"terraform: {seconds(bare[-1].wall)} s")
    parts: list[timedelta] = [each.terraform_part for each in console]
    walls = [each.wall for each in bare]
    compared = ratio(median(parts), median(walls))
    found = {
        "console": {"marked_to_applied": spread(parts), "each": [c.as_data() for c in console]},
        "terraform": {"wall": spread(walls), "each": [cost.as_data() for cost in bare]},
        "ratio": compared,
    }
    return conclude("region", found, [Target("console / terraform", compared, _AT_MOST)])


if __name__ == "__main__":
    sys.exit(main())
