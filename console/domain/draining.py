"""Has a worker that goes the time to finish what it has taken?

A worker is told to stop with a signal, and killed when its grace is over. A job that it could not
finish is not lost: SQS shows it again, and somebody does it once more from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

# What EC2 is sure to leave: it cuts off "within a few minutes" what has not shut down by then.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-termination-works.html
_SHUTDOWN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class DrainRules:
    """What a worker is given before its instance goes. None where the settings do not say."""

    grace: timedelta | None = None
    """From the stop signal to the kill."""
    within: timedelta | None = None
    """The time that the drain command has, before the stop signal; None without a command."""
    longest_job: timedelta | None = None
    """How long one job may take."""

    @property
    def time_to_finish(self) -> timedelta | None:
        """How long a worker may work on after it was told to stop; None where nobody knows."""
        if self.within is not None:
            return self.within
        return self.grace


def misfits(rules: DrainRules, visibility: timedelta | None) -> Iterator[str]:
    """Yield what does not fit together, a sentence each, with what to write.

    Args:
        rules: the settings' `drain`.
        visibility: how long the work queue hides a job that was taken; None where nobody could
            read it.
    """
    longest, finish = rules.longest_job, rules.time_to_finish
    if longest is not None and finish is not None and finish < longest:
        key = "drain.grace" if rules.within is None else "drain.within"
        yield (
            f"a worker that goes has {_told(finish)} and a job takes up to {_told(longest)}: it "
            f"would be cut off and done again; write {key}: {_told(longest)} or more"
        )
    if rules.within is None and rules.grace is not None and rules.grace > _SHUTDOWN:
        yield (
            f"EC2 gives an instance that is terminated a few minutes to shut down, and drain.grace "
            f"wants {_told(rules.grace)}: what is not done by then is done again by another worker"
        )
    if visibility is None:
        return
    if finish is not None and visibility < finish:
        yield (
            f"the work queue shows a job again after {_told(visibility)}, and a worker that goes "
            f"may work on it for {_told(finish)}: it could be done twice; raise the queue's "
            "visibility time-out, unless the worker extends it by itself"
        )
    if longest is not None and visibility < longest:
        yield (
            f"the work queue shows a job again after {_told(visibility)} and a job takes up to "
            f"{_told(longest)}: it could be done twice; raise the queue's visibility time-out, "
            "unless the worker extends it by itself"
        )


def _told(span: timedelta) -> str:
    """Return a span as it may be written into the settings."""
    return f"{span.total_seconds():g}s"
