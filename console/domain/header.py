"""What is always in sight: which fleet, which release, who, and from where?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.signs import Mode

if TYPE_CHECKING:
    from console.domain.rollout import Rollout

_PRODUCTION = ("prod", "production", "live")
_HEAD = 12
"""Hexadecimal digits of a digest that people compare."""


@dataclass(frozen=True, slots=True)
class Bystanders:
    """What the screen knows and no rollout tells."""

    fleet: str
    environment: str
    operator: str
    mode: Mode
    identity: str = ""
    """Who AWS says that we are; empty while nobody has asked."""
    lease: str = ""
    """Who has the fleet; empty where nobody has."""
    where: str = ""
    """The options that name this console's settings, as they were typed; empty for the usual."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is always in sight."""

    fleet: str
    environment: str
    is_production: bool
    before: str
    """The releases that the fleet ran before; empty while nobody has looked."""
    label: str
    digest: str
    """The digest's head; empty while it is not known."""
    operator: str
    identity: str
    lease: str
    mode: Mode


def is_production(environment: str) -> bool:
    """Return whether an environment's name says that customers depend on it."""
    return environment.lower() in _PRODUCTION


def header_of(rollout: Rollout | None, around: Bystanders) -> Header:
    """Return what is always in sight.

    Args:
        rollout: where it stands; None before it has begun.
        around: what no rollout tells.
    """
    environment = rollout.environment if rollout else around.environment
    return Header(
        fleet=rollout.fleet if rollout else around.fleet,
        environment=environment,
        is_production=is_production(environment),
        before=_before(rollout),
        label=rollout.request.label if rollout else "",
        digest=_digest(rollout),
        operator=rollout.by if rollout else around.operator,
        identity=around.identity,
        lease=around.lease,
        mode=around.mode,
    )


def _before(rollout: Rollout | None) -> str:
    if rollout is None:
        return ""
    labels = (label for region in rollout.regions for label in region.from_releases)
    return ", ".join(dict.fromkeys(labels))


def _digest(rollout: Rollout | None) -> str:
    if rollout is None or rollout.release is None:
        return ""
    return rollout.release.digest.removeprefix("sha256:")[:_HEAD]
