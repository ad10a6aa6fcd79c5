"""Who watches a fleet where nobody has a terminal?"""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
from pathlib import Path

import click

from console.commands.beforehand import known_of
from console.commands.calling import vigil_of
from console.commands.heralding import heralding
from console.commands.where import chosen_config, config_option
from console.domain.fleet import RegionName
from console.domain.foreign import shown
from console.domain.release import ReleaseLabel
from console.domain.sentence import Sentence, Tone
from console.domain.silence import Stillness, tell
from console.engine.ports import JournalError
from console.engine.vigil import Vigil
from console.errors import UsageError
from console.headless.output import LineWriter, Narrator
from console.wiring import SystemClock, World, wire

_log = logging.getLogger(__name__)

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_EVERY_S = 2.0


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.pass_context
def watch(ctx: click.Context, /, config: Path | None, *, sandbox: bool, as_json: bool) -> None:
    """Say where nothing happens, and tell those who are away; for a service, without a terminal.

    It runs until Ctrl-C or SIGTERM, and changes nothing. With a screen: release-console --watch.
    """
    chosen = chosen_config(ctx, config, sandbox=sandbox)
    world = wire(chosen, may_run_terraform=False)
    where = f"--config {shlex.quote(str(chosen))}" if chosen is not None else ""
    asyncio.run(_Watch(world, LineWriter() if as_json else None, where).run())


class _Watch:
    """Looks at every region until it is told to stop."""

    def __init__(self, world: World, lines: LineWriter | None, where: str) -> None:
        make = vigil_of(lambda: world, known_of(world.settings, world.policy), where)
        if make is None:
            raise UsageError(
                "the settings want nobody to be called: nothing_happens is null",
                "leave nothing_happens out, or write its intervals",
            )
        self._world, self._lines, self._make = world, lines, make
        self._narrator, self._clock = Narrator(), SystemClock()
        self._newest = ""
        self._known: tuple[ReleaseLabel, ...] = ()

    async def run(self) -> None:
        """Look, until a signal ends it; what is queued then still goes out."""
        is_over = asyncio.Event()
        for number in _ENDINGS:
            asyncio.get_running_loop().add_signal_handler(number, is_over.set)
        regions = [region.name for region in self._world.policy.regions]
        async with heralding(self._world, self._warn) as herald:
            vigil = self._make(herald.tell)
            self._say(None, Sentence(f"watching {', '.join(regions)}", Tone.QUIET))
            looking = [asyncio.create_task(self._look(region, vigil)) for region in regions]
            ended = asyncio.create_task(is_over.wait())
            # A look that raises is a bug, and ends the watch loudly: a silent one would be worse.
            done, _ = await asyncio.wait([ended, *looking], return_when=asyncio.FIRST_COMPLETED)
            for task in (ended, *looking):
                task.cancel()
        self._world.session.close()
        for task in done:
            task.result()

    async def _look(self, region: RegionName, vigil: Vigil) -> None:
        before: Stillness | None = None
        while True:
            sample = await self._world.fleet.sample(region, self._releases())
            standing, news = vigil.see(sample)
            # The first look tells how it is, and every other one only what is new.
            is_another = standing.state is not before
            has_been_seen = before not in {None, Stillness.UNSEEN}
            if not news and is_another and (not has_been_seen or standing.error):
                news = (tell(standing),)
            before = standing.state
            for sentence in news:
                self._say(region, sentence)
            await asyncio.sleep(_LOOK_EVERY_S)

    def _releases(self) -> tuple[ReleaseLabel, ...]:
        """The release of the newest rollout, which instances may beat with whatever their tags say.

        The rollout is read once; a journal that cannot be read leaves what was known.
        """
        try:
            newest = next(iter(self._world.journal.rollouts()), "")
            if newest != self._newest:
                acted = self._world.last_acted()
                self._known = (acted.request.label,) if acted is not None else ()
                self._newest = newest
        except JournalError as error:
            _log.warning("the journal cannot be read: %s", error)
        return self._known

    def _say(self, region: RegionName | None, sentence: Sentence) -> None:
        now = self._clock.now()
        self._narrator.say(now, sentence.text, sentence.tone)
        if self._lines is not None:
            notice = {"type": "notice", "region": region, "text": shown(sentence.text)}
            self._lines.write(now, None, notice)

    def _warn(self, text: str) -> None:
        self._say(None, Sentence(text, Tone.WARN))
