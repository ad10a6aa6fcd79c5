"""The console's Textual app: screens over a conductor, and nothing that a rollout depends on."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from signal import SIGHUP, SIGINT
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen

from console.domain.foreign import shown
from console.domain.header import Bystanders
from console.domain.keys import KEYS
from console.domain.run_by import RunBy
from console.domain.sentence import Tone
from console.domain.signs import Mode
from console.tui import screens
from console.tui.attention import Attention
from console.tui.errands import Errands
from console.tui.interrupts import Interrupts
from console.tui.leaving import Leaving
from console.tui.offers import OffersProvider
from console.tui.pace import PULSE_S, Pace
from console.tui.scene import Scene
from console.tui.screens.drawn import Drawn
from console.tui.style_sheets import FORM, ROLLOUT, classes_at, first_sheets, read_the_rest
from console.tui.theme import DARK, THEMES

if TYPE_CHECKING:
    from console.domain.path_view import Expected
    from console.tui.conductor import Conductor
    from console.tui.surroundings import Choice, Surroundings

_log = logging.getLogger(__name__)

_SEVERITIES: dict[Tone, SeverityLevel] = {Tone.BAD: "error", Tone.WARN: "warning"}

_READ_S = 20.0
"""What nobody has asked for stays longer: the operator may look elsewhere."""

_LOWEST = 2
"""Screens in the stack when only the first one is there: Textual has an empty one below it."""


def _is_confirmation(screen: Screen[Any]) -> TypeGuard[screens.ConfirmScreen]:
    # Only a modal one can be, so that none is imported to find out.
    return screen.is_modal and isinstance(screen, screens.ConfirmScreen)


def _everywhere(name: str, action: str, verb: str, sentence: str, *, show: bool = True) -> Binding:
    key, binding = KEYS[f"app.{name}"], f"app.{name}"
    return Binding(key, action, verb, show=show, tooltip=sentence, id=binding)


class ConsoleApp(App[Leaving]):
    """Draws what the bridge brings, and passes on what the operator says."""

    TITLE = "release-console"
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
        _everywhere("leave", "leave", "Leave", "Asks first while it runs"),
        _everywhere("help", "help", "Help", "Keys, reasons and signs"),
        _everywhere("history", "history", "History", "Earlier rollouts"),
        _everywhere("theme", "next_theme", "Theme", "The next of the three themes", show=False),
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
        is_asking = mode is Mode.OPERATE and choice is None and not conductor.around.left_open
        sheets = first_sheets(FORM if is_asking else ROLLOUT)
        super().__init__(driver_class=driver_class, css_path=sheets)
        for theme in THEMES:
            self.register_theme(theme)
        # The style sheet uses colours that only our themes have.
        self.theme = conductor.around.theme or DARK.name
        self.stylesheet.set_variables(self.get_css_variables())
        self._styled_for = self.theme
        self._conductor = conductor
        self._errands = Errands(conductor.around, conductor.backstage)
        self._choice = choice
        self._mode = mode
        self._interrupts = interrupts or Interrupts()
        around = conductor.around
        bystanders = Bystanders(
            around.fleet, around.environment, around.operator, mode, where=around.where
        )
        self.scene = Scene(around.policy, bystanders, around.boot_allowance)
        self.leaving = Leaving.LOST
        """How it was left; lost, as long as nobody has left it."""
        self.failure: Exception | None = None
        """The defect that ended the screen; None where none did."""
        self._pace = Pace()
        self._has_set_out = False
        self._drawn: list[Drawn] = []
        self.scene.logs = str(around.logs or "")
        self.scene.window = around.window
        self.scene.advise_every = around.advise_every
        self._attention = Attention(
            around.fleet, self._tell_terminal, self.bell, is_on=around.attention
        )

    @property
    def around(self) -> Surroundings:
        """What is outside of the screen."""
        return self._conductor.around

    def on_mount(self) -> None:
        """Show the first screen at once; whatever is asked of anybody comes after it."""
        self.set_keymap(dict(self.around.keymap))
        first: Drawn
        if self._mode is Mode.WATCH:
            first = screens.RolloutScreen(self.scene)
        elif self._choice is not None or self.around.left_open:
            first = screens.OperateScreen(self.scene)
        else:
            first = screens.StartScreen(self.scene, self.around.policy)
        breakpoints = (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS)
        first.set_classes(classes_at(self.size, *breakpoints))
        self.push_screen(first)
        self.set_interval(PULSE_S, self._pulse)

    def _set_out(self) -> None:
        """Begin with all that the first frame did not wait for."""
        read_the_rest(self.stylesheet)
        for screen in self.screen_stack[_LOWEST:]:  # somebody was faster
            self.stylesheet.update(screen)
        if self._mode is Mode.WATCH:
            self._conductor.follow()
        elif self._choice is not None:
            self._conductor.begin(self._choice)
        elif self.around.left_open:
            self._conductor.follow(self.around.left_open)
        elif isinstance(form := self.screen_stack[-1], screens.StartScreen):
            self.run_worker(self._errands.propose(form), exit_on_error=False)
        if self._mode is Mode.WATCH or self.around.left_open:
            self.run_worker(self._errands.chart_the_past(self.scene), exit_on_error=False)
        self.run_worker(screens.load, thread=True, exit_on_error=False)
        self._conductor.look()
        self._conductor.recall().add_done_callback(self._expect)

    def _expect(self, recalled: Future[Expected]) -> None:
        if recalled.cancelled() or recalled.exception() is not None:
            _log.warning("earlier rollouts could not be read; no durations are told")
            return
        self.scene.expected = recalled.result()

    def _pulse(self) -> None:
        """Take in what has come, and draw it; the clock moves once a second."""
        if not self.is_running:
            return  # it is being taken down, panel by panel
        bridge, now, in_sight = self._conductor.bridge, self.around.clock.now(), self._in_sight()
        second = int(now.timestamp())
        is_time = self._pace.is_time(time.monotonic(), second, has_news=bridge.has_news)
        if not is_time and in_sight == self._drawn:
            return
        fetched = bridge.fetch()
        self.scene.take(fetched)
        for _, sentence in fetched.news:
            severity = _SEVERITIES.get(sentence.tone, "information")
            self.notify(shown(sentence.text), severity=severity, timeout=_READ_S, markup=False)
        self.scene.run_by = self._conductor.run_by(holder_lives=self.scene.holder_lives)
        self.scene.move_to_begin = self._conductor.move_to_begin
        if in_sight and not self._has_set_out:
            self._has_set_out = True
            in_sight[0].call_after_refresh(self._set_out)
        self._drawn = in_sight
        for screen in self.screen_stack:
            if isinstance(screen, Drawn) and screen.is_laid_out:
                screen.print_lines(fetched.progress)
                if screen in in_sight:
                    screen.draw(now)
            elif _is_confirmation(screen) and screen.is_mounted:
                screen.check()
        self._call_operator()

    def _in_sight(self) -> list[Drawn]:
        """Return what can be seen and drawn: the top screen, and what stands behind a question."""
        seen: list[Drawn] = []
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Drawn) and screen.is_laid_out:
                seen.append(screen)
            if not screen.is_modal:
                break
        return seen

    def _call_operator(self) -> None:
        """Call for each new question, whoever answers it, and for each region that falls silent."""
        rollout = self.scene.rollout
        questions = rollout.questions if rollout is not None else ()
        asked = questions[0][0] if questions and self._mode is Mode.OPERATE else None
        still = [found.region for found in self.scene.still]
        self._attention.note(asked, rollout.request.label if rollout is not None else "", still)

    def _tell_terminal(self, text: str) -> None:
        """Write an escape sequence, where there is a terminal that obeys it."""
        driver = self._driver
        if driver is not None and not driver.is_headless and not driver.is_web:
            driver.write(text)

    def on_start_screen_started(self, event: screens.StartScreen.Started) -> None:
        """Roll out what the form chose."""
        self._roll_out(event.choice)

    def on_recover_screen_rollout_wanted(self, event: screens.RecoverScreen.RolloutWanted) -> None:
        """Roll out what leads on."""
        self._roll_out(event.choice)

    def on_region_screen_scale_wanted(self, event: screens.RegionScreen.ScaleWanted) -> None:
        """Give a region another number of workers; the rollout asks for the yes."""
        self._roll_out(event.choice)

    def _roll_out(self, choice: Choice) -> None:
        """Begin a rollout, and show it on a screen that has shown no other one."""
        self._interrupts.begin_anew()
        self._conductor.begin(choice)
        while len(self.screen_stack) > _LOWEST:
            self.pop_screen()
        self.switch_screen(screens.OperateScreen(self.scene))

    def on_operate_screen_another_wanted(self) -> None:
        """Ask what else shall be rolled out."""
        form = screens.StartScreen(self.scene, self.around.policy, is_another=True)
        self.push_screen(form)
        self.run_worker(self._errands.propose(form), exit_on_error=False)

    def on_drawn_recover_wanted(self, event: Drawn.RecoverWanted) -> None:
        """Show the moves that lead on."""
        screen = screens.RecoverScreen(self.scene, self._conductor.advise, event.region)
        self.push_screen(screen)

    def on_recover_screen_move_wanted(self, event: screens.RecoverScreen.MoveWanted) -> None:
        """Make a move."""
        if not self._conductor.is_under_way:
            self._interrupts.begin_anew()
        self._conductor.make_move(event.command)

    def on_operate_screen_take_up_wanted(self, event: screens.OperateScreen.TakeUpWanted) -> None:
        """Go on with what was left open."""
        self._conductor.take_up(from_the_living=event.from_the_living)

    def on_operate_screen_commanded(self, event: screens.OperateScreen.Commanded) -> None:
        """Tell the engine; or end what has none any more."""
        if self.scene.run_by is RunBy.NOBODY:
            self._conductor.abort_left()  # nothing else is allowed there
        else:
            self._conductor.send(event.command)

    def on_region_screen_console_wanted(self, event: screens.RegionScreen.ConsoleWanted) -> None:
        """Ask EC2 for a console, without holding anything up."""
        self.run_worker(self._errands.read_console(event), exit_on_error=False)

    def on_history_screen_chosen(self, event: screens.HistoryScreen.Chosen) -> None:
        """Replay a rollout."""
        self.run_worker(self._replay(event.rollout), exclusive=True, exit_on_error=False)

    async def _replay(self, rollout: str) -> None:
        entries = await self._errands.entries(rollout)
        figures = await self._errands.figures(rollout)
        from console.tui.screens.replay import policy_of

        policy = policy_of(entries)
        # Whoever has left the list meanwhile wants no replay any more.
        if policy is not None and isinstance(self.screen, screens.HistoryScreen):
            self.push_screen(screens.ReplayScreen(entries, policy, self.scene.around, figures))

    def action_history(self) -> None:
        """Show earlier rollouts."""
        if isinstance(self.screen, screens.HistoryScreen | screens.ReplayScreen):
            return
        screen = screens.HistoryScreen(self.scene)
        self.push_screen(screen)
        self.run_worker(self._errands.fill(screen), exit_on_error=False)

    def action_help(self) -> None:
        """Explain what can be done on this screen."""
        if isinstance(self.screen, Drawn):
            self.push_screen(screens.HelpScreen(self.screen.offers()))

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything anew only for another theme: Textual does so for the first one too."""
        if self.theme != self._styled_for:
            self._styled_for = self.theme
            super().refresh_css(animate)

    def action_leave(self) -> None:
        """End the screen; ask first while a rollout runs."""
        if not self._conductor.is_under_way:
            self._leave(Leaving.ENDED)
            return
        self.push_screen(screens.LeaveScreen(self.scene.rollout), self._leave)

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
