"""How many workers would a region's backlog need?

A hint for a person, never a rule: the jobs that wait now say nothing about those of tonight.
"""

from __future__ import annotations

from console.domain.counted import counted


def backlog_hint(backlog: int, healthy: int, per_worker: int) -> str:
    """Return what a backlog says about the number of workers; empty where it says nothing.

    Args:
        backlog: jobs that wait.
        healthy: workers that take them.
        per_worker: jobs that may wait for each healthy worker.
    """
    if backlog == 0:
        return ""
    if healthy == 0:
        waits = "job waits" if backlog == 1 else "jobs wait"
        return f"{backlog} {waits} and no worker is healthy"
    needed = max(1, -(-backlog // per_worker))
    each = f"{round(backlog / healthy)} waiting per healthy worker, {per_worker} accepted"
    if needed == healthy:
        return each
    verdict = "would be needed" if needed > healthy else "would do"
    return f"{each}: {counted(needed, 'worker')} {verdict}"
