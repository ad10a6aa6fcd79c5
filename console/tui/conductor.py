"""How does a screen reach the engine, and what becomes of the engine without a screen?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError, Future, wait
from typing import TYPE_CHECKING

from console.domain.run_by import RunBy
from console.tui.backstage import Backstage
from console.tui.bridge import Bridge
from console.tui.calling import Calling
from console.tui.leaving import Leaving
from console.tui.lookout import Lookout

if TYPE_CHECKING:
    from console.domain.commands import Command, Recover
    from console.domain.fleet import RegionName
    from console.domain.path_view import Expected
    from console.domain.recovery.move import Move
    from console.domain.rollout import Rollout
    from console.engine.stream import Audience
    from console.tui.advisory import Advised
    from console.tui.surroundings import Choice, Handle, Surroundings
    from console.tui.unattended import Unattended

# Durations are told from this many earlier rollouts.
_RECENT = 5
_REST_S = 0.1


class Conductor:
    """Owns the backstage, where the engine runs as the screen's sibling."""

    def __init__(self, around: Surroundings) -> None:
        """Start the backstage; nothing is asked of anybody yet."""
        self.around = around
        self.bridge = Bridge()
        self.backstage = Backstage()
        self._calling = Calling(around, self.bridge)
        self._lookout = Lookout(around, self.bridge, self._calling)
        self._hearer: Audience = self.bridge
        self._handle: Handle | None = None
        self._rollout: Future[Rollout] | None = None
        self._ordered: tuple[Move, Rollout | None] | None = None
        """The last move with an engine of its own, and the rollout as it was known then."""
        self._following: tuple[Future[None], ...] = ()
        self._task: asyncio.Task[object] | None = None

    def look(self) -> None:
        """Begin to look at the regions."""
        self.backstage.start(self._lookout.look())

    def follow(self, rollout: str | None = None) -> None:
        """Begin to read along in the journal what somebody else rolls out."""
        from console.tui.follower import Follower
        from console.tui.overhearing import Overhearing

        follower = Follower(self.around, self.bridge, self._lookout)
        overhearing = Overhearing(self.around, self.bridge)
        self._hearer = overhearing.successor()
        self._following = (
            self.backstage.start(follower.follow(rollout)),
            self.backstage.start(overhearing.listen()),
        )

    def recall(self) -> Future[Expected]:
        """Read from earlier rollouts how long each step takes."""
        return self.backstage.start(self._recall())

    async def _recall(self) -> Expected:
        from console.domain.durations import expected
        from console.domain.evolve import replay

        names = self.around.rollouts()[:_RECENT]
        replayed = (replay(self.around.entries(name, 0)) for name in names)
        return expected(rollout for rollout in replayed if rollout is not None)

    def begin(self, choice: Choice) -> None:
        """Begin to roll `choice` out, unless a rollout is under way that has not halted.

        One that has halted is closed first, and its end is waited for.
        """
        roll_out = self.around.roll_out
        if roll_out is None or (self.is_under_way and not (self._has_halted or self._has_ended)):
            return
        self._ordered = None
        if self._has_halted:
            from console.domain.commands import Close

            self.send(Close(self.around.operator))
        self._succeed(lambda: roll_out(choice, self._attach))

    def _succeed(self, work: Callable[[], Awaitable[Rollout]]) -> None:
        """Do `work` as soon as what is under way has come to its end and given the lease back."""
        self.bridge.trouble("")
        before = self._rollout if self.is_under_way else None
        self._rollout = self.backstage.start(self._run(_after(before, work)))

    def make_move(self, command: Recover) -> None:
        """Make a move: by the engine of the rollout that has halted, or by one of its own."""
        make_move = self.around.make_move
        if self.is_under_way and not self._has_ended:
            self.send(command)
        elif make_move is not None:
            self._ordered = (command.move, self.bridge.rollout)
            # A rollout that stays open after it, and no console runs, is followed as before.
            attach = _nobody if self._is_left_open else self._attach
            self._succeed(lambda: make_move(command, attach))

    @property
    def move_to_begin(self) -> Move | None:
        """The move that was said yes to, until its engine tells of it; None where there is none.

        That takes as long as the lease and the first look at the fleet take.
        """
        if self._ordered is None or not self.is_under_way:
            return None
        move, known = self._ordered
        return move if self.bridge.rollout is known else None

    def advise(self, regions: Sequence[RegionName] | None) -> Future[Advised]:
        """Look at `regions`, or at all of them, and return which moves there are."""
        # The first frame needs no advice.
        from console.tui.advisory import take_advice

        return self.backstage.start(take_advice(self.around, regions))

    def take_up(self, *, from_the_living: bool = False) -> None:
        """Go on with the rollout that was left open; again, where that could not be done before.

        Args:
            from_the_living: whether it may be taken from a console that lives.
        """
        if self.around.take_up is not None and not self.is_under_way:
            self._ordered = None
            self.bridge.trouble("")
            taken = self.around.take_up(self._attach, from_the_living)
            work = self._run(taken, takes_up=True)
            self._rollout = self.backstage.start(work)

    def abort_left(self) -> None:
        """End the rollout that was left open, and that no console runs."""
        if self.around.abort_left is not None and not self.is_under_way:
            self._ordered = None
            self.bridge.trouble("")
            work = self._run(self.around.abort_left(self._attach), takes_up=True)
            self._rollout = self.backstage.start(work)

    async def _run(self, work: Awaitable[Rollout], *, takes_up: bool = False) -> Rollout:
        self._task = asyncio.current_task()
        try:
            return await work
        except Exception as error:
            hint = getattr(error, "hint", "")
            self.bridge.trouble(f"{error}; {hint}" if hint else str(error))
            if self._handle is not None and takes_up:
                # It could not be taken up, and stays open: it is followed again.
                self._handle = None
                self.follow(self.around.left_open)
            raise

    def _attach(self, handle: Handle) -> None:
        # From here on the engine itself tells what the journal and the tools' logs would.
        for following in self._following:
            following.cancel()
        handle.join(self._hearer)
        handle.join(self._lookout)
        if (herald := self._calling.herald) is not None:
            handle.join(herald)
        self._handle = handle

    def send(self, command: Command) -> None:
        """Tell the engine; safe from any thread."""
        if self._handle is not None:
            self.backstage.call(self._handle.send, command)

    @property
    def is_under_way(self) -> bool:
        """Whether a rollout runs that nobody may simply walk away from."""
        return self._rollout is not None and not self._rollout.done()

    @property
    def _has_halted(self) -> bool:
        rollout = self.bridge.rollout
        is_stopped = rollout is not None and (rollout.stop is not None or rollout.is_finished)
        return rollout is not None and rollout.halt is not None and not is_stopped

    @property
    def _is_left_open(self) -> bool:
        rollout = self.bridge.rollout
        return self._handle is None and rollout is not None and not rollout.is_finished

    @property
    def _has_ended(self) -> bool:
        """Whether nothing of it is left but to give the lease back."""
        rollout = self.bridge.rollout
        return rollout is not None and rollout.is_at_rest

    @property
    def _has_died(self) -> bool:
        """Whether an engine of ours has ended in the middle of a move, after its rollout's end."""
        rollout = self.bridge.rollout
        is_open = rollout is not None and rollout.is_finished and bool(rollout.running)
        return is_open and not self.is_under_way

    def run_by(self, *, holder_lives: bool) -> RunBy:
        """Return whose engine runs the rollout that is on the screen.

        Args:
            holder_lives: whether a living console has the lease.
        """
        is_ours = self._handle is not None or self.is_under_way or not self.around.left_open
        if is_ours and not self._has_died:
            return RunBy.US
        return RunBy.OTHERS if holder_lives else RunBy.NOBODY

    def go_on(self, leaving: Leaving, audience: Audience) -> None:
        """Let the rollout go on without a screen, told to `audience`."""
        from console.tui.unattended import Unattended

        unattended = Unattended(self.send, self.around.operator, leaving)
        self.backstage.start(self._hand_over(leaving, audience, unattended))

    async def _hand_over(
        self, leaving: Leaving, audience: Audience, unattended: Unattended
    ) -> None:
        while self._handle is None:
            await asyncio.sleep(_REST_S)
        self._handle.join(audience)
        self._handle.join(unattended)
        if leaving is Leaving.PAUSED:
            from console.domain.commands import Pause

            self._handle.send(Pause(self.around.operator))
            await self._leave_at_rest()
        elif (rollout := self.bridge.rollout) is not None:
            unattended.begin(rollout)

    async def _leave_at_rest(self) -> None:
        """Leave the rollout open in the journal, once nothing of it runs any more."""
        while (rollout := self.bridge.rollout) is None or rollout.running or not _rests(rollout):
            await asyncio.sleep(_REST_S)
        if self._task is not None and not rollout.is_finished:
            self._task.cancel()

    def wait(self) -> Rollout | None:
        """Wait for the rollout's end and return it; as it stands, where it was left paused.

        Raises:
            Exception: whatever ended the rollout before its end.
        """
        if self._rollout is None:
            return None
        while not self._rollout.done():
            # In short spells, so that a signal's handler gets its turn.
            wait([self._rollout], timeout=_REST_S * 2)
        try:
            return self._rollout.result()
        except CancelledError:
            return self.bridge.rollout

    def close(self) -> None:
        """End what still looks around, once those who are away have been told."""
        self.backstage.start(self._calling.close()).result()
        self.backstage.close()


def _nobody(_: Handle) -> None:
    """Let nobody hear of an engine but the journal."""


async def _after(before: Future[Rollout] | None, work: Callable[[], Awaitable[Rollout]]) -> Rollout:
    if before is not None:
        await asyncio.wrap_future(before)
    return await work()


def _rests(rollout: Rollout) -> bool:
    return bool(rollout.paused_by or rollout.stop or rollout.is_finished)
