"""What probes are asked about, and one way to ask them."""

from __future__ import annotations

from datetime import UTC, datetime

from console.domain.fleet import RegionName
from console.domain.probe import ProbeAnswer
from console.domain.release import ReleaseLabel
from console.engine.ports import Probe, Probed

DIGEST = "sha256:" + "b" * 64
SINCE = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)
PROBED = Probed(RegionName("eu-west-1"), "checks", ReleaseLabel("0.9.1"), DIGEST, SINCE)


async def answer_of(probe: Probe) -> ProbeAnswer:
    """Return the one answer of a probe that has one gate."""
    (answer,) = await probe.ask(PROBED)
    return answer
