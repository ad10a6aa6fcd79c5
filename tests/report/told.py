"""Rollouts to report on, and reports read the way a browser reads them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser

from console.domain.commands import Approve, Close
from console.domain.events import ApprovalRequested, Entry, RolloutHalted
from console.domain.figures import Figures, figures_of
from console.domain.fleet import RegionName, RegionSample
from console.domain.machine import Decision, Input, begin, decide
from console.domain.observations import Sampled, Ticked
from console.domain.policy import GateRules
from tests.rollout.world import OLD, PaperWorld, policy, started

WINDOW, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
VOID = {"meta", "line", "rect", "path", "br"}


@dataclass
class FailingWorld(PaperWorld):
    """A fleet in which the new release fails every tenth job."""

    def sample(self, region: RegionName) -> RegionSample:
        """Look at a region."""
        seen = super().sample(region)
        beats = tuple(
            replace(beat, runs=20, failures=2 if beat.release == "0.9.1" else 0)
            for beat in seen.heartbeats.value or ()
        )
        return replace(seen, heartbeats=replace(seen.heartbeats, value=beats))


def halted_by_a_gate() -> tuple[list[Entry], list[Figures]]:
    """Return a rollout that its failures gate halts in the canary, with its figures."""
    world = FailingWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})
    rules = replace(
        policy(us_east_1=1, eu_west_1=2),
        gates=GateRules(completions_min=1, failures_max_ratio=0.02),
    )
    waiting: list[Input] = []
    entries: list[Entry] = []
    figures: list[Figures] = []

    def take(decision: Decision) -> None:
        entries.extend(decision.entries)
        for entry in decision.entries:
            match entry.event:
                case ApprovalRequested(subject):
                    waiting.append(Approve(subject, "ada@host"))
                case RolloutHalted():
                    waiting.append(Close("ada@host"))
                case _:
                    pass
        waiting.extend(seen for effect in decision.effects if (seen := world.answer(effect)))

    decision = begin(started(rules), world.now)
    take(decision)
    while not decision.rollout.is_finished:
        if not waiting:
            world.now += timedelta(seconds=5)
            samples = [world.sample(RegionName(name)) for name in world.slots]
            figures += [figures_of(sample, MINUTE, WINDOW) for sample in samples]
            waiting += [Ticked(), *(Sampled(sample) for sample in samples)]
        decision = decide(decision.rollout, waiting.pop(0), world.now)
        take(decision)
    return entries, figures


@dataclass
class Page(HTMLParser):
    """A page as a parser sees it; what is not closed, or closed twice, is found."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself, as those of SVG may."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Expect that it closes the tag that was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        """Note what a person reads."""
        if data.strip() and self.open[-1:] != ["style"]:
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        """Everything that a person reads."""
        return "\n".join(self.texts)


def read(html: str) -> Page:
    """Return a page, read."""
    page = Page()
    page.feed(html)
    page.close()
    return page
