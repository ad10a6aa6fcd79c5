"""How does a rollout look without a screen?"""

from __future__ import annotations

from datetime import datetime

from console.domain import events
from console.domain.events import Entry
from console.domain.fleet import RegionSample
from console.domain.foreign import shown, shown_lines
from console.domain.narrate import tell
from console.domain.outcome import Outcome, RegionOutcome, RegionPhase
from console.domain.rollout import Rollout
from console.domain.sentence import Tone
from console.engine.ports import Clock, Progress, ProgressKind
from console.headless.lines import line_of, progress_line
from console.headless.output import LineWriter, Narrator

_QUIET = {ProgressKind.STARTED: Tone.QUIET, ProgressKind.FAILED: Tone.BAD}


class Reporter:
    """An audience that narrates on stderr and, where asked for, writes JSON lines to stdout."""

    def __init__(self, narrator: Narrator, lines: LineWriter | None, clock: Clock) -> None:
        """Tell through these."""
        self._narrator = narrator
        self._lines = lines
        self._clock = clock
        self._rollout: Rollout | None = None

    def begin(self, rollout: Rollout) -> None:
        """Know the rollout whose earlier facts somebody else has told."""
        self._rollout = rollout

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Tell a fact."""
        self._rollout = rollout
        if self._lines is not None and (line := line_of(entry.event, rollout)) is not None:
            self._lines.write(entry.at, rollout.id, line)
        if isinstance(entry.event, events.RolloutFinished):
            self.conclude(rollout)
            return
        sentence = tell(entry.event, rollout)
        if sentence is None or isinstance(entry.event, events.ApprovalRequested):
            return  # --auto has answered before anybody could read the question
        self._narrator.say(entry.at, sentence.text, sentence.tone)
        if sentence.details and not isinstance(entry.event, events.RolloutHalted):
            self._details(sentence.details)

    def progress(self, progress: Progress) -> None:
        """Tell how far a tool is."""
        if self._rollout is None:
            return
        now = self._clock.now()
        if self._lines is not None:
            self._lines.write(now, self._rollout.id, progress_line(progress, self._rollout))
        if _is_chatter(progress):
            return
        where = f"{progress.unit}: " if progress.unit else ""
        tone = _QUIET.get(progress.kind, Tone.QUIET)
        for line in progress.message.rstrip("\n").split("\n"):
            self._narrator.say(now, f"  {where}{line}", tone)

    def sample(self, sample: RegionSample) -> None:
        """Samples are drawn by screens; here the gates' verdicts tell what they add up to."""

    def notice(self, text: str) -> None:
        """Tell what is no fact of the rollout: somebody could not be notified, say.

        The end's line stays the last one on stdout, whatever comes after it.
        """
        now = self._clock.now()
        self._narrator.say(now, text, Tone.WARN)
        rollout = self._rollout
        if self._lines is not None and rollout is not None and not rollout.is_finished:
            self._lines.write(now, rollout.id, {"type": "notice", "text": shown(text)})

    def _details(self, text: str) -> None:
        for line in shown_lines(text):
            self._narrator.line(f"           {line}")

    def conclude(self, rollout: Rollout) -> None:
        """Write the last paragraph: what is true now, what shows it, what to do next."""
        tone = Tone.GOOD if rollout.exit_code == 0 else Tone.BAD
        took = (_last(rollout) - rollout.started_at).total_seconds()
        self._narrator.line("")
        head = f"{_word(rollout)}: {rollout.reason} ({took:.0f} s)"
        self._narrator.line("\n".join(shown_lines(head)), tone)
        for line in state_lines(rollout):
            self._narrator.line(f"  {shown(line)}")
        for outcome in rollout.outcomes:
            for sentence in outcome.happened:
                self._narrator.line(f"  {shown(outcome.region)}: {shown(sentence)}")
        if rollout.halt is not None and rollout.halt.failure.evidence:
            self._narrator.line("what shows it:")
            for line in shown_lines(rollout.halt.failure.evidence):
                self._narrator.line(f"  {line}")
        if rollout.next:
            self._narrator.line("next:")
            self._narrator.line("\n".join(f"  {line}" for line in shown_lines(rollout.next)))


# What Terraform prints of every SSH connection and command; the log file has it all.
_CHATTER = ("Connecting to", "Connected!", "Using configured", "Executing:", " ")


def _is_chatter(progress: Progress) -> bool:
    """Whether a line of Terraform's says nothing about a worker."""
    is_output = progress.unit is not None and progress.kind is ProgressKind.OUTPUT
    is_refresh = progress.action in {"refresh", "read"} or ": Refresh" in progress.message
    is_start = ": Provisioning with" in progress.message
    return is_refresh or is_start or (is_output and progress.message.startswith(_CHATTER))


def state_lines(rollout: Rollout) -> list[str]:
    """Return one line a region: what is true of it at the end."""
    outcomes = {outcome.region: outcome for outcome in rollout.outcomes}
    width = max((len(region.name) for region in rollout.regions), default=0)
    return [
        f"{region.name:<{width}}  {_truth(outcomes[region.name], region.phase)}"
        for region in rollout.regions
        if region.name in outcomes
    ]


def _truth(outcome: RegionOutcome, phase: RegionPhase) -> str:
    if outcome.new is None:
        return f"{_PHASES.get(phase, phase.value)}; its state could not be read"
    counts = [
        f"{outcome.new} at {outcome.to_release}" if outcome.new else "",
        f"{outcome.old} at {', '.join(outcome.from_releases) or 'another'}" if outcome.old else "",
        f"{outcome.tainted} tainted" if outcome.tainted else "",
        f"{outcome.deposed} deposed" if outcome.deposed else "",
        f"{outcome.orphaned} orphaned" if outcome.orphaned else "",
    ]
    healthy = (
        "nobody can tell which are healthy"
        if outcome.healthy is None
        else f"healthy: {', '.join(outcome.healthy) or 'none'}"
    )
    return f"{_PHASES.get(phase, phase.value)}: {', '.join(filter(None, counts))}; {healthy}"


_PHASES = {
    RegionPhase.WAITING: "untouched",
    RegionPhase.CURRENT: "was current already",
    RegionPhase.VERIFIED: "done",
}


def _word(rollout: Rollout) -> str:
    if rollout.halt is not None and rollout.outcome is not Outcome.REFUSED:
        return "halted"
    return str(rollout.outcome)


def _last(rollout: Rollout) -> datetime:
    return max(
        (step.finished_at for step in rollout.steps if step.finished_at is not None),
        default=rollout.started_at,
    )
