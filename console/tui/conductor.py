"""How does a screen reach the engine, and what becomes of the engine without a screen?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from concurrent.futures import CancelledError, Future, wait

from console.domain.allowed import RunBy
from console.domain.commands import Command, Pause
from console.domain.durations import expected
from console.domain.evolve import replay
from console.domain.path_view import Expected
from console.domain.rollout import Rollout
from console.engine.stream import Audience
from console.tui.backstage import Backstage
from console.tui.bridge import Bridge
from console.tui.follower import Follower
from console.tui.lookout import Lookout
from console.tui.overhearing import Overhearing
from console.tui.surroundings import Choice, Handle, Surroundings
from console.tui.unattended import Leaving, Unattended

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
        self._lookout = Lookout(around, self.bridge)
        self._handle: Handle | None = None
        self._rollout: Future[Rollout] | None = None
        self._following: Future[None] | None = None
        self._task: asyncio.Task[object] | None = None

    def look(self) -> None:
        """Begin to look at the regions."""
        self.backstage.start(self._lookout.look())

    def follow(self, rollout: str | None = None) -> None:
        """Begin to read along in the journal what somebody else rolls out."""
        follower = Follower(self.around, self.bridge, self._lookout)
        self._following = self.backstage.start(follower.follow(rollout))
        self.backstage.start(Overhearing(self.around, self.bridge).listen())

    def recall(self) -> Future[Expected]:
        """Read from earlier rollouts how long each step takes."""
        return self.backstage.start(self._recall())

    async def _recall(self) -> Expected:
        names = self.around.rollouts()[:_RECENT]
        replayed = (replay(self.around.entries(name, 0)) for name in names)
        return expected(rollout for rollout in replayed if rollout is not None)

    def begin(self, choice: Choice) -> None:
        """Begin to roll `choice` out; once."""
        if self.around.roll_out is not None and self._rollout is None:
            self._rollout = self.backstage.start(
                self._run(self.around.roll_out(choice, self._attach))
            )

    def take_up(self) -> None:
        """Go on with the rollout that was left open; again, where that could not be done before."""
        if self.around.take_up is not None and not self.is_under_way:
            self.bridge.trouble("")
            self._rollout = self.backstage.start(self._run(self.around.take_up(self._attach)))

    async def _run(self, work: Awaitable[Rollout]) -> Rollout:
        self._task = asyncio.current_task()
        try:
            return await work
        except Exception as error:
            hint = getattr(error, "hint", "")
            self.bridge.trouble(f"{error}; {hint}" if hint else str(error))
            if self._handle is not None and self.around.left_open:
                # It could not be taken up, and stays open: it is followed again.
                self._handle = None
                self.follow(self.around.left_open)
            raise

    def _attach(self, handle: Handle) -> None:
        # From here on the engine itself tells what the journal would.
        if self._following is not None:
            self._following.cancel()
        handle.join(self.bridge)
        handle.join(self._lookout)
        self._handle = handle

    def send(self, command: Command) -> None:
        """Tell the engine; safe from any thread."""
        if self._handle is not None:
            self.backstage.call(self._handle.send, command)

    @property
    def is_under_way(self) -> bool:
        """Whether a rollout runs that nobody may simply walk away from."""
        return self._rollout is not None and not self._rollout.done()

    def run_by(self, *, holder_lives: bool) -> RunBy:
        """Return whose engine runs the rollout that is on the screen.

        Args:
            holder_lives: whether a living console has the lease.
        """
        if self._handle is not None or self.is_under_way or not self.around.left_open:
            return RunBy.US
        return RunBy.OTHERS if holder_lives else RunBy.NOBODY

    def go_on(self, leaving: Leaving, audience: Audience) -> None:
        """Let the rollout go on without a screen, told to `audience`."""
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
        """End what still looks around."""
        self.backstage.close()


def _rests(rollout: Rollout) -> bool:
    return bool(rollout.paused_by or rollout.stop or rollout.is_finished)
