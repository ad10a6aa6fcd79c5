"""What does the console's screen need of everything around it?

Ports and callables only: the screen knows no adapter, no settings and no journal file. All that is
awaited runs on the backstage's event loop, never on the screen's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.vocabulary import InstanceId, RegionName, SlotIndex, UnitName

if TYPE_CHECKING:
    # Nobody needs the advice before a screen of its own is opened.
    from console.domain.commands import Command, Recover
    from console.domain.events import Entry
    from console.domain.failure import Failure
    from console.domain.figures import Figures
    from console.domain.fleet import Reading, RegionSample, RegionState
    from console.domain.notification import Message
    from console.domain.policy import Policy
    from console.domain.recovery.advice import Advice
    from console.domain.recovery.move import Promised
    from console.domain.recovery.situation import Situation
    from console.domain.release import ImageRef, ReleaseLabel
    from console.domain.rollout import Rollout
    from console.domain.scaling import Scale
    from console.engine.herald import Herald
    from console.engine.ports import Clock, Progress
    from console.engine.stream import Audience
    from console.engine.vigil import Vigil


@dataclass(frozen=True, slots=True)
class Choice:
    """What the start form hands on."""

    label: ReleaseLabel
    image: ImageRef | None = None
    """An image that is already pushed; None where it has to be built."""
    regions: tuple[RegionName, ...] | None = None
    """Only these; None for all."""
    refresh: bool = False
    accept_leftovers: bool = False
    only_slots: tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...] = ()
    """The slots that may be touched, region by region; empty for all that need it."""
    rolls_back: str = ""
    """The id of the rollout that this one takes back; empty where it takes none back."""
    scale: Scale | None = None
    """The region that gets another number of slots; None where a release is rolled out."""
    promised: tuple[Promised, ...] = ()
    """What the move that it is shall have led to; empty where it is none."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the start form proposes."""

    label: str = ""
    """From `git describe`; empty where it says nothing."""
    known: tuple[str, ...] = ()
    """Labels that the registry has already, the newest first."""
    note: str = ""
    """Why there is no proposal."""


@dataclass(frozen=True, slots=True)
class Handle:
    """How a running engine is reached, from its own event loop."""

    send: Callable[[Command], None]
    """`Engine.send`."""
    join: Callable[[Audience], None]
    """`Stream.join`."""


TakeUp = Callable[[Callable[[Handle], None], bool], Awaitable["Rollout"]]
"""Takes the rollout up that was left open, and runs it to its end; with True also from a console
that lives."""

AbortLeft = Callable[[Callable[[Handle], None]], Awaitable["Rollout"]]
"""Ends the rollout that was left open, and that no console runs."""

RollOut = Callable[[Choice, Callable[[Handle], None]], Awaitable["Rollout"]]
"""Rolls a choice out to its end. Gives the handle away before the first step is begun."""


Advise = Callable[[Sequence[RegionName] | None], Awaitable["Sequence[tuple[Situation, Advice]]"]]
"""Looks at regions, or at all of them, and tells which moves there are. Changes nothing."""

Crashing = Callable[["RegionState", "RegionSample"], Awaitable[frozenset[InstanceId]]]
"""Looks closer at a region's instances, and tells which of them crash. Changes nothing."""

MakeMove = Callable[["Recover", Callable[[Handle], None]], Awaitable["Rollout"]]
"""Makes a move in a region after the newest rollout's end, or beside one that was left open."""


async def _no_proposal() -> Proposal:
    return Proposal(note="no release is proposed here")


async def _no_identity() -> str:
    return ""


def nothing_heard(_: datetime) -> Sequence[Progress]:
    """Hear of no other console's tools."""
    return ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that the screens reach out for."""

    fleet: str
    environment: str
    operator: str
    """Who we are, as `person@host`."""
    policy: Policy
    clock: Clock
    sample: Callable[[RegionName, Sequence[ReleaseLabel]], Awaitable[RegionSample]]
    """Looks at a region in AWS, read only."""
    state: Callable[[UnitName], Awaitable[Mapping[RegionName, RegionState] | Failure]]
    """Reads a unit's Terraform state."""
    console_output: Callable[[RegionName, InstanceId], Awaitable[Reading[str]]]
    rollouts: Callable[[], Sequence[str]]
    """The ids of the fleet's rollouts, the newest first."""
    entries: Callable[[str, int], Sequence[Entry]]
    """The journal of a rollout after a sequence number."""
    where: str = ""
    """The options that name this console's settings, as they were typed; empty for the usual."""
    figures: Callable[[str], Sequence[Figures]] = lambda _: ()
    """What was kept of a rollout's regions, in the order of time."""
    lease: Callable[[], str] = lambda: ""
    """Who has the fleet, in a phrase; empty where nobody has."""
    identity: Callable[[], Awaitable[str]] = _no_identity
    """Who AWS says that we are; why it does not answer, where it does not."""
    propose: Callable[[], Awaitable[Proposal]] = _no_proposal
    roll_out: RollOut | None = None
    """None where this console only watches."""
    left_open: str = ""
    """The id of a rollout that had no end when this console opened; empty where there was none."""
    take_up: TakeUp | None = None
    """None where there is nothing to take up, or this console only watches."""
    abort_left: AbortLeft | None = None
    """None where there is nothing to end, or this console only watches."""
    advise: Advise | None = None
    """None where nobody can tell what is true of a region."""
    crashing: Crashing | None = None
    """None where nobody can tell which instances crash between two beats."""
    make_move: MakeMove | None = None
    """None where this console only watches."""
    advise_every: timedelta = timedelta(seconds=5)
    """How often a region is looked at while its moves are on the screen."""
    holder_lives: Callable[[], bool] = lambda: True
    """Whether the console that has the lease lives; False where nobody has it."""
    logs: Path | None = None
    """Where the tools' complete output is kept; None where that is not known."""
    overhear: Callable[[datetime], Sequence[Progress]] = nothing_heard
    """What the tools of another console have printed since a time; each line once."""
    sample_every: timedelta = timedelta(seconds=2)
    state_every: timedelta = timedelta(seconds=15)
    boot_allowance: timedelta = timedelta(minutes=5)
    """How long a new instance may take to beat for the first time."""
    window: timedelta = timedelta(minutes=15)
    """How far back an instance's finished jobs are counted."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Keys that an operator has set otherwise, by the binding's id."""
    herald: Callable[[Callable[[str], None]], Herald] | None = None
    """Makes who tells those that are away; takes what hears of failures. None where nobody does."""
    vigil: Callable[[Callable[[Message], None]], Vigil] | None = None
    """Makes who notices that nothing happens in a region; takes who tells of it. None where that
    is not asked for."""
    attention: bool = True
    """Whether the terminal calls, by bell and title, when the operator is needed."""
    theme: str = ""
    """The theme to begin with; empty for the dark one."""
