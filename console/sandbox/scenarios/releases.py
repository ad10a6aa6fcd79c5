"""What do bad releases leave behind? Each is rolled out to one region, past the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.exit_codes import ExitCode
from console.sandbox.scenarios.consoles import require_rest, rolling_out, status_of
from console.sandbox.scenarios.fitness import is_shown
from console.sandbox.scenarios.scenario import Scenario, wait_until
from console.sandbox.scenarios.settings import make_context, write_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from console.sandbox.scenarios.scenario import Stage

_RECOVER = "release-console recover {action} --region {{region}} --config {{config}}"

# It takes a second crash to tell a crash loop. On a busy machine with few jobs, that may come after
# the rollout has halted.
_SHOWN_SECONDS = 120

DOES_NOT_BEAT = frozenset({"booting", "silent", "crashing"})
"""What an instance whose worker does not beat may be told as."""
_CRASHES = frozenset({"crashing"})
_BEATS = frozenset({"healthy"})
_LOADS = frozenset({"booting", "silent", "healthy"})


def roll_out_bad(stage: Stage, name: str, launcher: str, told_as: Collection[str]) -> None:
    """Roll a bad release out to the stage's region, until it has halted and a status shows it.

    Args:
        stage: where.
        name: the scenario's; the release is called after it.
        launcher: what is wrong with it.
        told_as: what its instances have to be.

    Raises:
        ScenarioError: something else is wrong already, or it did not halt, or no status shows it.
    """
    require_rest(stage, [stage.region])
    context = make_context(stage.layout.context(name), launcher)
    settings = write_settings(stage, name, context=context)
    options = ("--release", f"0.9.1-{name}", "--regions", stage.region, "--refresh")
    with rolling_out(stage, settings, *options) as rollout:
        rollout.ends_with(ExitCode.NEEDS_PERSON)
    told = " or ".join(sorted(told_as))
    stage.say(f"it has halted; waiting for a status with new instances that are {told}")
    wait_until(
        lambda: is_shown(status_of(stage)["regions"][stage.region], stage.slots, told_as),
        _SHOWN_SECONDS,
        f"a status with new instances that are {told}, beside healthy old ones,",
    )


def _of(name: str, launcher: str, told_as: Collection[str]) -> Callable[[Stage], str]:
    def play(stage: Stage) -> str:
        roll_out_bad(stage, name, launcher, told_as)
        return (
            f"the rollout of 0.9.1-{name} has halted in {stage.region}: in {stage.all_slots} a new "
            "instance, tainted, stands beside the old one, deposed, which works"
        )

    return play


BAD_IMAGE = Scenario(
    "bad-image",
    "a release that exits at once, in every slot of a region",
    "twice as many objects as slots in {region}: tainted current ones that never beat, and "
    "deposed ones that are healthy",
    _RECOVER.format(action="restore"),
    _of("bad-image", "bad_image", DOES_NOT_BEAT),
)

CRASH_LOOP = Scenario(
    "crash-loop",
    "a release whose worker crashes on its first job, and is started again for ever",
    "new instances in {region} that beat and are told as crashing, with a traceback and a growing "
    "number of restarts on their console",
    _RECOVER.format(action="restore"),
    _of("crash-loop", "crash_loop", _CRASHES),
)

NEVER_WORKS = Scenario(
    "never-works",
    "a release that boots, beats, takes jobs and finishes none",
    "new instances in {region} with a fresh heartbeat and no completions: only the count of "
    "finished jobs tells them from good ones",
    _RECOVER.format(action="restore"),
    _of("never-works", "never_works", _BEATS),
)

SLOW_BOOT = Scenario(
    "slow-boot",
    "a good release that needs longer to start than its readiness check waits",
    "new instances in {region} that are tainted, and start to beat and to finish jobs within a "
    "minute: nothing but their check has failed. Until they do, accept is refused",
    _RECOVER.format(action="accept"),
    _of("slow-boot", "slow_boot", _LOADS),
)
