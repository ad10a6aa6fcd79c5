"""The console's Textual app: screens over a conductor, and nothing that a rollout depends on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from signal import SIGHUP, SIGINT
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver

from console.domain.evolve import replay
from console.domain.path_view import Expected
from console.domain.rollout import Rollout
from console.domain.rollout_view import Bystanders
from console.domain.signs import Mode
from console.domain.steps import Subject
from console.tui.conductor import Conductor
from console.tui.interrupts import Interrupts
from console.tui.offers import OffersProvider
from console.tui.scene import Scene
from console.tui.screens.confirm import ConfirmScreen
from console.tui.screens.drawn import Drawn
from console.tui.screens.help import HelpScreen
from console.tui.screens.history import HistoryScreen
from console.tui.screens.leave import LeaveScreen
from console.tui.screens.operate import OperateScreen
from console.tui.screens.region import RegionScreen
from console.tui.screens.replay import ReplayScreen, policy_of
from console.tui.screens.rollout import RolloutScreen
from console.tui.screens.start import StartScreen
from console.tui.surroundings import Choice, Surroundings
from console.tui.theme import DARK, THEMES
from console.tui.unattended import Leaving

_log = logging.getLogger(__name__)

# Everything new is drawn this often at most, whatever the rate at which it comes in.
_PULSE_S = 0.2
_MOST_PAST = 50


class ConsoleApp(App[Leaving]):
    """Draws what the bridge brings, and passes on what the operator says."""

    TITLE = "release-console"
    CSS_PATH = Path("styles") / "console.tcss"
    COMMANDS: ClassVar[Any] = {OffersProvider}
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as it is
        (0, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as above
        (0, "-low"),
        (30, "-high"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "history", "History", tooltip="Earlier rollouts"),
        Binding("t", "next_theme", "Theme", show=False, tooltip="The next of the three themes"),
        Binding("question_mark", "help", "Help", tooltip="Keys, reasons and signs"),
        Binding("q,ctrl+q", "leave", "Leave", key_display="q", tooltip="Asks first while it runs"),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True, system=True),
    ]

    def __init__(
        self,
        conductor: Conductor,
        *,
        mode: Mode = Mode.OPERATE,
        choice: Choice | None = None,
        interrupts: Interrupts | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """Show what `conductor` knows.

        Args:
            conductor: reaches the engine.
            mode: OPERATE, or WATCH, in which no key that changes anything exists.
            choice: what to roll out at once; None for the start form.
            interrupts: counts the Ctrl-Cs, here and afterwards.
            driver_class: the terminal's driver; None for Textual's own choice.
        """
        super().__init__(driver_class=driver_class)
        for theme in THEMES:
            self.register_theme(theme)
        # The style sheet uses colours that only our themes have.
        self.theme = conductor.around.theme or DARK.name
        self._conductor = conductor
        self._choice = choice
        self._mode = mode
        self._interrupts = interrupts or Interrupts()
        around = conductor.around
        bystanders = Bystanders(around.fleet, around.environment, around.operator, mode)
        self.scene = Scene(around.policy, bystanders, around.boot_allowance)
        self.leaving = Leaving.LOST
        """How it was left; lost, as long as nobody has left it."""
        self.failure: Exception | None = None
        """The defect that ended the screen; None where none did."""
        self._drawn_at: datetime | None = None
        self._asked: Subject | None = None

    @property
    def around(self) -> Surroundings:
        """What is outside of the screen."""
        return self._conductor.around

    def on_mount(self) -> None:
        """Show the first screen at once; everything that is asked of AWS comes after it."""
        self.set_keymap(dict(self.around.keymap))
        if self._mode is Mode.WATCH:
            self.push_screen(RolloutScreen(self.scene))
            self._conductor.follow()
        elif self._choice is not None:
            self.push_screen(OperateScreen(self.scene))
            self._conductor.begin(self._choice)
        else:
            form = StartScreen(self.scene, self.around.policy)
            self.push_screen(form)
            self.run_worker(self._propose(form), exit_on_error=False)
        self._conductor.look()
        self._conductor.recall().add_done_callback(self._expect)
        self.set_interval(_PULSE_S, self._pulse)

    def _expect(self, recalled: Future[Expected]) -> None:
        if recalled.cancelled() or recalled.exception() is not None:
            _log.warning("earlier rollouts could not be read; no durations are told")
            return
        self.scene.expected = recalled.result()

    async def _propose(self, form: StartScreen) -> None:
        proposal = await asyncio.wrap_future(
            self._conductor.backstage.start(_awaited(self.around.propose()))
        )
        form.propose(proposal)

    def _pulse(self) -> None:
        """Take in what has come, and draw it; the clock moves once a second."""
        if not self.is_running:
            return  # it is being taken down, panel by panel
        fetched = self._conductor.bridge.fetch()
        now = self.around.clock.now()
        is_due = self._drawn_at is None or (now - self._drawn_at).total_seconds() >= 1
        if fetched.is_empty and not is_due:
            return
        self.scene.take(fetched)
        self._drawn_at = now
        for screen in self.screen_stack:
            if isinstance(screen, Drawn) and screen.is_laid_out:
                screen.print_lines(fetched.progress)
                screen.draw(now)
            elif isinstance(screen, ConfirmScreen) and screen.is_mounted:
                screen.check()
        self._call_operator()

    def _call_operator(self) -> None:
        """Ring once for each new question."""
        rollout = self.scene.rollout
        asked = rollout.questions[0][0] if rollout is not None and rollout.questions else None
        if asked != self._asked and asked is not None and self._mode is Mode.OPERATE:
            self.bell()
        self._asked = asked

    def on_start_screen_started(self, event: StartScreen.Started) -> None:
        """Roll out what the form chose."""
        self._conductor.begin(event.choice)
        self.switch_screen(OperateScreen(self.scene))

    def on_operate_screen_commanded(self, event: OperateScreen.Commanded) -> None:
        """Tell the engine."""
        self._conductor.send(event.command)

    def on_region_screen_console_wanted(self, event: RegionScreen.ConsoleWanted) -> None:
        """Ask EC2 for a console, without holding anything up."""
        self.run_worker(self._read_console(event), exit_on_error=False)

    async def _read_console(self, event: RegionScreen.ConsoleWanted) -> None:
        asked = self.around.console_output(event.region, event.instance)
        reading = await asyncio.wrap_future(self._conductor.backstage.start(_awaited(asked)))
        text = reading.value if reading.value is not None else reading.error
        if event.screen.is_laid_out:
            event.screen.show_console(event.instance, text or "nothing was printed yet")

    def on_history_screen_chosen(self, event: HistoryScreen.Chosen) -> None:
        """Replay a rollout."""
        entries = self.around.entries(event.rollout, 0)
        policy = policy_of(entries)
        if policy is not None:
            self.push_screen(ReplayScreen(entries, policy, self.scene.around))

    def action_history(self) -> None:
        """Show earlier rollouts."""
        if isinstance(self.screen, HistoryScreen | ReplayScreen):
            return
        screen = HistoryScreen(self.scene)
        self.push_screen(screen)
        self.run_worker(self._fill(screen), exit_on_error=False)

    async def _fill(self, screen: HistoryScreen) -> None:
        read = self._conductor.backstage.start(self._past())
        screen.fill(await asyncio.wrap_future(read))

    async def _past(self) -> Sequence[Rollout]:
        names = self.around.rollouts()[:_MOST_PAST]
        replayed = (replay(self.around.entries(name, 0)) for name in names)
        return tuple(rollout for rollout in replayed if rollout is not None)

    def action_help(self) -> None:
        """Explain what can be done on this screen."""
        if isinstance(self.screen, Drawn):
            self.push_screen(HelpScreen(self.screen.offers()))

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]

    def action_leave(self) -> None:
        """End the screen; ask first while a rollout runs."""
        if not self._conductor.is_under_way:
            self._leave(Leaving.ENDED)
            return
        self.push_screen(LeaveScreen(self.scene.rollout), self._leave)

    def _leave(self, how: Leaving | None) -> None:
        if how is not None:
            self.leaving = how
            self.exit(how)

    def action_interrupt(self) -> None:
        """Take a Ctrl-C as promised."""
        self.take_signal(int(SIGINT))

    def signalled(self, number: int) -> None:
        """Take a signal, from its handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.take_signal, number)

    def take_signal(self, number: int) -> None:
        """Answer a signal: a hang-up ends the screen alone, an interrupt finishes regions."""
        if number == SIGHUP:
            self.exit(Leaving.LOST)
        elif not self._conductor.is_under_way:
            self._leave(Leaving.ENDED)
        else:
            response = self._interrupts.press(number)
            if response.command is not None:
                self._conductor.send(response.command)
            self.notify(response.sentence, severity="warning", markup=False)

    def _handle_exception(self, error: Exception) -> None:
        """Remember the defect that ends the screen."""
        self.failure = self.failure or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End without Textual's trace: it prints local variables, and secrets among them."""
        _log.exception("the screen failed", exc_info=self.failure)
        self._close_messages_no_wait()


async def _awaited(work: Any) -> Any:  # noqa: ANN401 - whatever is awaited
    return await work
