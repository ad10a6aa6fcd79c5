"""Which moves does the operator see, and may a move be made now?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.domain.allowed import against_recovery
from console.domain.confirmation import Confirmation
from console.domain.fleet import RegionName
from console.domain.recovery.advice import Advice, Option
from console.domain.recovery.confirmation import confirm_move
from console.domain.recovery.lineage import Lineage, lineages
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import ROLLOUTS, Remedy
from console.domain.recovery.shipping import Shipment, shipment
from console.domain.recovery.situation import Situation
from console.domain.recovery.typed import command_line
from console.domain.rollout import Rollout
from console.domain.run_by import RunBy
from console.domain.signs import Mode
from console.engine.past import past
from console.tui.scene import Scene
from console.tui.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Advised:
    """One look at some regions, or at all."""

    newest: Rollout | None
    """The fleet's last rollout, as its journal tells it; None where there never was one."""
    regions: tuple[tuple[Situation, Advice], ...]
    lineages: Mapping[RegionName, Lineage]


async def take_advice(around: Surroundings, regions: Sequence[RegionName] | None) -> Advised:
    """Look at `regions`, or at all of them.

    Raises:
        JournalError: the journal cannot be read.
    """
    newest = next(past(around.rollouts, around.entries), None)
    found = await around.advise(regions) if around.advise is not None else ()
    names = [situation.region for situation, _ in found]
    told = lineages(names, past(around.rollouts, around.entries))
    return Advised(newest, tuple(found), told)


@dataclass(frozen=True, slots=True)
class Looked:
    """One region as it was last looked at."""

    situation: Situation
    advice: Advice
    lineage: Lineage
    at: datetime
    moves_ended: int
    """How many moves had come to their end before the look."""

    @property
    def needs_help(self) -> bool:
        """Whether something is left over, or workers are missing."""
        return not self.situation.is_whole or self.situation.healthy < self.situation.desired


class Advisory:
    """What was last seen of each region, those that need help first."""

    def __init__(self, scene: Scene) -> None:
        """Know nothing but `scene` yet."""
        self._scene = scene
        self._newest: Rollout | None = None
        self.looked: dict[RegionName, Looked] = {}

    def take(self, advised: Advised, now: datetime, *, is_all: bool) -> None:
        """Take in a look that was begun at `now`.

        Args:
            advised: what was seen.
            now: the time.
            is_all: whether it was a look at all regions.
        """
        self._newest = advised.newest
        told, ended = advised.lineages, _ended(advised.newest)
        found = {
            s.region: Looked(s, advice, told[s.region], now, ended) for s, advice in advised.regions
        }
        if not is_all:
            # In the order that is on the screen: it must not change while somebody reads.
            self.looked = {name: found.get(name, seen) for name, seen in self.looked.items()}
            return
        ordered = sorted(found.items(), key=lambda item: not item[1].needs_help)
        self.looked = dict(ordered)

    @property
    def rollout(self) -> Rollout | None:
        """The newest rollout: as the engine told it, where that is the same one."""
        known = self._scene.rollout
        is_same = self._newest is None or (known is not None and known.id == self._newest.id)
        return known if is_same else self._newest

    @property
    def is_outdated(self) -> bool:
        """Whether a move has come to its end since a region was last looked at."""
        ended = _ended(self.rollout)
        return any(seen.moves_ended < ended for seen in self.looked.values())

    def command(self, region: RegionName, option: Option) -> str:
        """Return the command line that makes `option` in `region`, with this console's settings."""
        around = self._scene.around
        return command_line(option, self.looked[region].situation, around.fleet, around.where)

    def against(self, region: RegionName, option: Option) -> str:
        """Return why `option` is not made in `region` now; empty where a yes is asked for."""
        if not option.may_be_made:
            return f"it is {option.standing}: {option.reason}"
        if self._scene.around.mode is not Mode.OPERATE:
            return "a watcher changes nothing"
        rollout = self.rollout
        run_by = self._run_by(rollout)
        against = self.awaited(region) or against_recovery(rollout, run_by, option.remedy)
        if against or rollout is None:
            return against
        if option.remedy in ROLLOUTS and self._shipment(option.remedy, region) is None:
            return f"nobody knows what it would ship to {region}"
        return ""

    def awaited(self, region: RegionName) -> str:
        """Return what has to come before what is shown of `region` holds; empty where it does."""
        if (ordered := self._scene.move_to_begin) is not None:
            return f"{ordered} is about to begin"
        if self.looked[region].moves_ended < _ended(self.rollout):
            return f"{region} is looked at again, after the last move"
        return ""

    def _run_by(self, rollout: Rollout | None) -> RunBy:
        """Return whose engine runs the newest rollout, or makes a move after its end."""
        if rollout is self._scene.rollout:
            return self._scene.run_by
        # Only the journal tells of it: it never was on this screen.
        return RunBy.OTHERS if self._scene.holder_lives else RunBy.NOBODY

    def confirmation(self, move: Move) -> Confirmation | None:
        """Return the question about `move`; None once it is another move, or none any more."""
        seen, rollout = self.looked.get(move.region), self.rollout
        if seen is None:
            return None
        same = [o for o in seen.advice.options if o.move(seen.situation) == move]
        if not same or self.against(move.region, same[0]):
            return None
        fleet, shipped = self._scene.around.fleet, self.shipped(move)
        return confirm_move(same[0], seen.situation, fleet, rollout, shipped)

    def shipped(self, move: Move) -> Shipment | None:
        """Return what `move` ships; None where it is no rollout, or none any more."""
        return self._shipment(move.remedy, move.region) if move.remedy in ROLLOUTS else None

    def _shipment(self, remedy: Remedy, region: RegionName) -> Shipment | None:
        seen = self.looked.get(region)
        if seen is None:
            return None
        state = self._scene.state(region)
        return shipment(remedy, seen.lineage, state, seen.situation.wanted)


def _ended(rollout: Rollout | None) -> int:
    """Return how many moves have come to their end."""
    if rollout is None:
        return 0
    running = {record.at for record in rollout.running}
    return sum(made.at not in running for made in rollout.recoveries)
