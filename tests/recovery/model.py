"""A model of Terraform and EC2 in one region: what each command and each failure really leaves.

Written from what was measured with the real Terraform, and on purpose without the console's own
idea of it: the advice is tried against this.

- A replacement is created before anything is destroyed. What is deposed or tainted in the slot goes
  only after the new instance is ready; if it is not, it stays as the tainted current object.
- A slot whose current object bears no mark needs no replacement: an apply destroys what is deposed.
- SIGKILL in the provisioner leaves the old object deposed, no current one, the new instance in no
  state, and the lock.
- `state rm` of a slot forgets its current object and all its deposed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum

from console.domain.failure import Failure
from console.domain.fleet import InstanceId, ObjectKind, SlotIndex, StateObject
from console.domain.recovery.situation import Liveness, Situation
from console.domain.view import Health, ObjectView

from .situations import (
    BOOTING,
    CRASHES_AND_BEATS,
    FAILED,
    GONE,
    HANGS,
    IDLE,
    INCONCLUSIVE,
    LOCK,
    OLD,
    SILENT,
    WEST,
    WORKS,
    Machine,
)


class Does(StrEnum):
    """What an instance really does."""

    WORKS = "works"
    IDLES = "idles"
    """Would work; nothing has come in for it lately."""
    NEVER_WORKS = "never works"
    """Beats, and finishes nothing."""
    HANGS = "hangs"
    """Has worked a while ago, and beats on."""
    CRASHES = "crashes"
    """Beats each time that it is started again, and crashes on its first job."""
    SILENT = "silent"
    BOOTS = "boots"
    GONE = "gone"


_SEEN: Mapping[Does, Machine] = {
    Does.WORKS: WORKS,
    Does.IDLES: IDLE,
    Does.NEVER_WORKS: IDLE,
    Does.HANGS: HANGS,
    Does.CRASHES: CRASHES_AND_BEATS,
    Does.SILENT: SILENT,
    Does.BOOTS: BOOTING,
    Does.GONE: GONE,
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a new instance."""

    is_ready: bool
    """Whether the readiness provisioner ends well; it waits for finished jobs."""
    does: Does


READY = Fate(is_ready=True, does=Does.WORKS)
FATES = (
    READY,
    Fate(is_ready=False, does=Does.WORKS),  # it took longer than the provisioner waits
    Fate(is_ready=False, does=Does.NEVER_WORKS),
    Fate(is_ready=False, does=Does.SILENT),
    Fate(is_ready=False, does=Does.BOOTS),
    Fate(is_ready=False, does=Does.CRASHES),
    Fate(is_ready=False, does=Does.HANGS),
)


@dataclass(slots=True)
class InState:
    """One slot of a Terraform state."""

    current: str | None = None
    is_tainted: bool = False
    deposed: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """Every instance that the state has in the slot."""
        return [*([self.current] if self.current else []), *self.deposed]


@dataclass(slots=True)
class World:
    """One region."""

    state: list[InState]
    does: dict[str, Does]
    tags: dict[str, str]
    made_for: dict[str, int]
    release: str = OLD
    before: str = ""
    cause: Failure | None = None
    holder: Liveness | None = None
    """Of the state's lock; None where it is not locked."""
    under_way: str | None = None
    """The instance that somebody's living apply is just making."""
    unwritten: list[InState] | None = None
    """The state that an apply could not write."""

    @classmethod
    def of(cls, start: Sequence[Does]) -> World:
        """Return a region of finished slots with the old release, which do `start`."""
        world = cls([], {}, {}, {})
        for slot, does in enumerate(start):
            world.state.append(InState(world._boot(slot, does)))
        return world

    @property
    def desired(self) -> int:
        """How many workers the region shall have."""
        return len(self.state)

    @property
    def working(self) -> set[str]:
        """The instances that take jobs and finish them."""
        return {i for i, does in self.does.items() if does in {Does.WORKS, Does.IDLES}}

    @property
    def orphans(self) -> list[str]:
        """Living instances that are in no state."""
        known = {i for slot in self.state for i in slot.ids}
        return [i for i, does in self.does.items() if i not in known and does is not Does.GONE]

    @property
    def is_blocked(self) -> bool:
        """Whether Terraform would refuse to write the state."""
        return self.holder is not None or self.unwritten is not None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.is_blocked or self.orphans) and all(
            slot.current in self.working and not slot.is_tainted and not slot.deposed
            for slot in self.state
        )

    # What Terraform does.

    def apply(self, chosen: Mapping[int, Fate], release: str = "") -> None:
        """Replace the chosen slots, each new instance meeting its fate."""
        self._refresh()
        for index, fate in chosen.items():
            slot = self.state[index]
            self._depose(slot)
            slot.current = self._boot(index, fate.does, release or self.release)
            slot.is_tainted = not fate.is_ready
            if fate.is_ready:
                self._destroy_deposed(slot)
        if not all(fate.is_ready for fate in chosen.values()):
            self.cause = FAILED

    def remove_deposed(self, slots: Iterable[int]) -> None:
        """Apply where nothing is marked: only what is deposed goes."""
        self._refresh()
        for index in slots:
            assert not self.state[index].is_tainted
            if self.state[index].current is not None:
                self._destroy_deposed(self.state[index])

    def kill_apply(self, index: int, does: Does) -> None:
        """Begin to replace a slot and die of SIGKILL while the provisioner waits."""
        self._refresh()
        self._depose(self.state[index])
        self._boot(index, does, self.release)
        self.holder, self.cause = Liveness.DEAD, INCONCLUSIVE

    def somebody_applies(self, index: int) -> None:
        """Begin to replace a slot, by another process that lives."""
        self._refresh()
        self._depose(self.state[index])
        self.under_way = self._boot(index, Does.BOOTS, self.release)
        self.holder = Liveness.ALIVE

    def somebody_ends(self) -> None:
        """Let that process end, without success."""
        if self.under_way is not None:
            slot = self.state[self.made_for[self.under_way]]
            slot.current, slot.is_tainted = self.under_way, True
        self.holder = self.under_way = None

    def apply_unwritten(self, chosen: Mapping[int, Fate]) -> None:
        """Apply, and fail to write the state."""
        known = deepcopy(self.state)
        self.apply(chosen)
        self.unwritten, self.state, self.cause = self.state, known, INCONCLUSIVE

    def push_state(self) -> None:
        """Write what an apply could not write."""
        assert self.unwritten is not None
        self.state, self.unwritten = self.unwritten, None

    def taint(self, index: int) -> None:
        """Mark a slot that has a current object."""
        self.state[index].is_tainted = self.state[index].current is not None

    def untaint(self, index: int) -> None:
        """Take the mark off a slot."""
        self.state[index].is_tainted = False

    def state_rm(self, index: int) -> list[str]:
        """Forget a slot, and return what was in it."""
        forgotten = self.state[index].ids
        self.state[index] = InState()
        return forgotten

    def state_import(self, index: int, instance: str) -> None:
        """Make a living instance that is in no state a slot's current object."""
        assert self.state[index].current is None, "Resource already managed by Terraform"
        assert instance in self.orphans
        self.state[index].current = instance

    def terminate(self, instance: str) -> None:
        """Let EC2 end an instance, whatever the state says of it."""
        self.does[instance] = Does.GONE

    def roll_out(self, release: str, before: str) -> None:
        """Let another rollout begin."""
        self.release, self.before, self.cause = release, before, None
        for instance, does in self.does.items():
            # Jobs came in meanwhile.
            self.does[instance] = Does.WORKS if does is Does.IDLES else does

    # What a census sees.

    def situation(self) -> Situation:
        """Return the region as the console sees it."""
        objects = [
            found for index, slot in enumerate(self.state) for found in self._in(index, slot)
        ]
        objects += [self._view(i, self.made_for[i], ObjectKind.ORPHAN) for i in self.orphans]
        lock = None if self.holder is None else replace(LOCK)
        return Situation(
            WEST, self.desired, tuple(objects), self.release, self.before,
            lock, self.holder or Liveness.UNKNOWN, self.unwritten is not None, "", self.cause,
            unwritten=tuple(self._unwritten()),
        )  # fmt: skip

    def _unwritten(self) -> Iterable[StateObject]:
        for index, slot in enumerate(self.unwritten or ()):
            for instance in slot.ids:
                key = None if instance == slot.current else instance
                yield StateObject(
                    "worker", SlotIndex(index), InstanceId(instance), None, key,
                    is_tainted=key is None and slot.is_tainted,
                )  # fmt: skip

    def _in(self, index: int, slot: InState) -> Iterable[ObjectView]:
        if slot.current is not None:
            found = self._view(slot.current, index, ObjectKind.CURRENT)
            yield replace(found, is_tainted=slot.is_tainted)
        for instance in slot.deposed:
            yield replace(self._view(instance, index, ObjectKind.DEPOSED), is_deposed=True)

    def _view(self, instance: str, slot: int, kind: ObjectKind) -> ObjectView:
        seen = _SEEN[self.does[instance]]
        is_gone = seen.health is Health.GONE
        tag = self.tags[instance]
        return ObjectView(
            slot, InstanceId(instance), ObjectKind.GHOST if is_gone else kind,
            is_tainted=False, state="gone" if is_gone else "running", tag=tag,
            heartbeat=tag if seen.beats else None, last_beat=None,
            health=seen.health, completions=seen.completions, last_job=seen.last_job,
        )  # fmt: skip

    def _boot(self, slot: int, does: Does, release: str = OLD) -> str:
        instance = f"i-{len(self.does)}"
        self.does[instance], self.tags[instance], self.made_for[instance] = does, release, slot
        return instance

    def _refresh(self) -> None:
        """Forget what EC2 does not have any more, as each plan does."""
        for slot in self.state:
            slot.deposed = [i for i in slot.deposed if self.does[i] is not Does.GONE]
            if slot.current is not None and self.does[slot.current] is Does.GONE:
                slot.current, slot.is_tainted = None, False

    @staticmethod
    def _depose(slot: InState) -> None:
        if slot.current is not None:
            # Terraform lists them by a random key.
            slot.deposed.insert(0, slot.current)
        slot.current, slot.is_tainted = None, False

    def _destroy_deposed(self, slot: InState) -> None:
        for instance in slot.deposed:
            self.terminate(instance)
        slot.deposed = []
