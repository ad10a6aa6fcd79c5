"""What is true of a region that is not whole, and which move leads on?

The same advice as `release-console recover`. A move is made only after a question, and only as long
as it is still the one that was shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import DataTable

from console.domain.commands import Recover
from console.domain.confirmation import Confirmation
from console.domain.fleet import RegionName, SlotIndex
from console.domain.keys import KEYS
from console.domain.recovery.advice import Option
from console.domain.recovery.move import Move, Promised
from console.domain.recovery.news import Note, news_of
from console.domain.recovery.remedies import ROLLOUTS
from console.domain.recovery.shipping import Shipment
from console.domain.sentence import Tone
from console.domain.view import RegionView
from console.engine.ports import Progress
from console.tui.advisory import Advised, Advisory, Looked
from console.tui.scene import Scene
from console.tui.screens.confirm import ConfirmScreen
from console.tui.screens.drawn import Drawn
from console.tui.surroundings import Choice
from console.tui.widgets.keys import Keys
from console.tui.widgets.masthead import Masthead
from console.tui.widgets.moves import Moves
from console.tui.widgets.objects import Objects
from console.tui.widgets.outlook import Outlook
from console.tui.widgets.places import Places
from console.tui.widgets.story import Story

Look = Callable[[Sequence[RegionName] | None], "Future[Advised]"]


class RecoverScreen(Drawn):
    """Shows what is true, and the moves; the operator's makes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="To where you came from"),
        Binding(
            KEYS["recover.next"],
            "next",
            "Next region",
            tooltip="Show the next region, those that are not whole first",
            id="recover.next",
        ),
        Binding(
            KEYS["recover.copy"],
            "copy",
            "Copy command",
            tooltip="Copy the command line of the chosen move",
            id="recover.copy",
        ),
    ]

    class MoveWanted(Message):
        """The operator has said yes to a move."""

        def __init__(self, command: Recover) -> None:
            """Carry `command`."""
            super().__init__()
            self.command = command
            """What was said yes to."""

    class RolloutWanted(Message):
        """The operator has said yes to a move that is a rollout of its own."""

        def __init__(self, choice: Choice) -> None:
            """Carry `choice`."""
            super().__init__()
            self.choice = choice
            """What to roll out."""

    def __init__(self, scene: Scene, look: Look, region: RegionName | None = None) -> None:
        """Look through `look`, and draw with `scene` around it.

        Args:
            scene: what the console knows beside.
            look: looks at regions, or at all.
            region: the one to begin with; None for the first that needs help.
        """
        super().__init__(scene)
        self._look = look
        self._region = region
        self._advisory = Advisory(scene)
        self._now: datetime | None = None
        self._asked_at: datetime | None = None
        self._is_looking = False
        self._trouble = ""
        self._last_line = ""

    def compose(self) -> ComposeResult:
        """Lay the panels out."""
        yield Masthead()
        yield Places()
        yield Story()
        yield Objects()
        with Horizontal(id="choices"):
            yield Moves()
            yield Outlook()
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the moves."""
        self.query_one(Moves).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._repaint())

    def draw(self, now: datetime) -> None:
        """Show what was last seen, and look again when it is time."""
        self._now = now
        self._look_again(now)
        looked, seen = self._advisory.looked, self._seen
        self.query_one(Masthead).show(self.scene.view(now).header, now)
        needing = {name: known.needs_help for name, known in looked.items()}
        self.query_one(Places).show(needing, self._region)
        self.query_one(Story).show(seen.advice if seen else None, self._news(seen))
        if seen is not None:
            self._draw_objects(seen, now)
            self.query_one(Moves).show(seen.advice.options)
        self._draw_outlook()

    def _news(self, seen: Looked | None) -> list[Note]:
        trouble = [(text, Tone.BAD) for text in (self.scene.trouble, self._trouble) if text]
        if seen is None or self._region is None:
            return trouble or [("looking at every region ...", Tone.QUIET)]
        if awaited := self._advisory.awaited(self._region):
            return [*trouble, (awaited, Tone.ASK)]
        rollout = self._advisory.rollout
        return [*trouble, *news_of(rollout, self._region, seen.situation, self._last_line)]

    def _draw_objects(self, seen: Looked, now: datetime) -> None:
        situation, name = seen.situation, seen.situation.region
        age, sample, state = now - seen.at, self.scene.sample(name), self.scene.state(name)
        # Those that the moves are about, and no newer ones.
        objects = situation.objects
        view = RegionView(name, situation.desired, age, None, None, situation.lock, objects)
        known = self.scene.region(name, now)
        if known is not None:
            view = replace(known, objects=objects, fresh=age)
        self.query_one(Objects).show(view, sample, state, self.scene.window, now)

    def _draw_outlook(self) -> None:
        seen, option = self._seen, self.query_one(Moves).option
        situation = seen.situation if seen is not None else None
        self.query_one(Outlook).show(option, situation, self._command())

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell of the move under the cursor."""
        if self.is_laid_out and event.data_table.id == "moves":
            self._draw_outlook()

    def print_lines(self, progress: Sequence[Progress]) -> None:
        """Keep the newest line: it shows that a move goes on."""
        if progress:
            self._last_line = progress[-1].message

    def _look_again(self, now: datetime) -> None:
        has_changed = self._advisory.is_outdated
        is_due = self._asked_at is None or now - self._asked_at >= self.scene.advise_every
        if self._is_looking or not (is_due or (has_changed and not self._trouble)):
            return
        self._asked_at, self._is_looking = now, True
        # All at first and after a move; then only what is read: each look starts a Terraform.
        is_all = has_changed or self._seen is None
        regions = None if is_all or self._region is None else [self._region]
        self.run_worker(self._take(regions, now), exit_on_error=False)

    async def _take(self, regions: Sequence[RegionName] | None, now: datetime) -> None:
        try:
            advised = await asyncio.wrap_future(self._look(regions))
        except Exception as error:  # noqa: BLE001 - told on the screen, and looked again
            self._trouble = f"the regions could not be looked at: {error}"
        else:
            self._trouble = ""
            self._advisory.take(advised, now, is_all=regions is None)
            if self._region not in self._advisory.looked:
                self._region = next(iter(self._advisory.looked), None)
            if self._region is None:
                self._trouble = "there is no region that could be looked at"
        finally:
            self._is_looking = False
        if self.is_laid_out:
            self.refresh_bindings()
            self.draw(self._now or now)
            if regions is None:
                # After a move, another one is recommended, or none.
                self.query_one(Moves).move_cursor(row=0)

    @property
    def _seen(self) -> Looked | None:
        return self._advisory.looked.get(self._region) if self._region is not None else None

    def _command(self) -> str:
        option = self.query_one(Moves).option
        if self._seen is None or self._region is None or option is None:
            return ""
        return self._advisory.command(self._region, option)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another region only where there is one."""
        return action != "next" or len(self._advisory.looked) > 1

    def action_next(self) -> None:
        """Show the next region."""
        names = list(self._advisory.looked)
        place = names.index(self._region) if self._region in names else -1
        self._region = names[(place + 1) % len(names)]
        self._asked_at = None
        if self._now is not None:
            self.draw(self._now)
        self.query_one(Moves).move_cursor(row=0)

    def action_copy(self) -> None:
        """Copy the command line of the chosen move."""
        command, option = self._command(), self.query_one(Moves).option
        if option is not None and not option.may_be_made:
            self._refuse(option, f"it is {option.standing}: {option.reason}")
        elif command:
            self.app.copy_to_clipboard(command)
            self.notify(f"copied: {command}", markup=False)

    def _refuse(self, option: Option, reason: str) -> None:
        text = f"{option.remedy}: not now, {reason}"
        self.notify(text, severity="warning", markup=False)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Ask for a yes to a move, or say why it is not made."""
        seen, option = self._seen, self.query_one(Moves).option
        if event.data_table.id != "moves" or seen is None or option is None:
            return
        reason = self._advisory.against(seen.situation.region, option)
        if reason:
            self._refuse(option, reason)
            return
        self._ask(option, option.move(seen.situation))

    def _ask(self, shown: Option, move: Move) -> None:
        def current() -> Confirmation | None:
            return self._advisory.confirmation(move)

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._make(shown, move)

        self.app.push_screen(ConfirmScreen(current), answered)

    def _make(self, shown: Option, move: Move) -> None:
        if move.remedy not in ROLLOUTS:
            by = self.scene.around.operator
            self.post_message(self.MoveWanted(Recover(move, shown.consequence, by)))
        elif (shipped := self._advisory.shipped(move)) is not None:
            promised = shown.promised(move.region)
            self.post_message(self.RolloutWanted(_choice(shipped, move, promised)))

    def _repaint(self) -> None:
        self.query_one(Moves).repaint()
        self.query_one(Objects).repaint()


def _choice(shipped: Shipment, move: Move, promised: Promised) -> Choice:
    slots = tuple(SlotIndex(slot) for slot in move.slots)
    return Choice(
        shipped.label,
        shipped.image,
        (move.region,),
        accept_leftovers=shipped.accept_leftovers,
        only_slots=((move.region, slots),),
        rolls_back=shipped.rolls_back,
        promised=(promised,),
    )
