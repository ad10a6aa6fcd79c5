"""Which probes do the settings name, and whom do they ask?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from console.adapters.aws.alarms import READS, SWITCHES, AlarmChoice, AwsAlarms
from console.adapters.aws.session import AwsSession
from console.adapters.probes.command import CommandProbe, CommandSpec
from console.adapters.probes.error_tracker import ErrorTrackerProbe, TrackerSpec
from console.adapters.probes.http import HttpProbe, HttpSpec
from console.engine.probing import Timed
from console.settings.alarms import AlarmName
from console.settings.model import Settings
from console.settings.probe_rules import probe_gates
from console.settings.probes import AlarmGate, CommandGate, ErrorsGate, HttpGate
from console.settings.rules import Timed as TimedGate

_THREADS = 8


class Outside:
    """Everything outside that the gates ask, and the alarms that are muted."""

    def __init__(self, settings: Settings) -> None:
        """Ask nothing yet; no thread is started before the first question."""
        self._settings = settings
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="probe")
        gates = settings.gates.alarms
        muted = settings.rollout.mute_alarms
        # A session of its own: looking at tags is not on a watcher's list, and muting on no other.
        allowed = READS | (SWITCHES if muted else frozenset())
        self._session = AwsSession(profile=settings.aws.profile, threads=_THREADS, allowed=allowed)
        self.alarms = (
            AwsAlarms(
                self._session,
                [_choice(gate, gate.told) for gate in gates],
                [_choice(alarm) for alarm in muted],
            )
            if gates or muted
            else None
        )
        """The alarms that the settings name; None where they name none."""

    def probes(self) -> tuple[Timed, ...]:
        """Return every probe with its interval."""
        return tuple(self._probes())

    def close(self) -> None:
        """Ask nothing more. Questions under way end by themselves, at their time-outs."""
        self._session.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _probes(self) -> Iterator[Timed]:
        alarms = self._settings.gates.alarms
        if self.alarms is not None and alarms:
            # One question for all of them, as often as the most impatient gate wants it.
            yield Timed(self.alarms, min(gate.interval for gate in alarms))
        for rule, gate in probe_gates(self._settings.gates):
            yield from self._probe(rule.gate, gate)

    def _probe(self, name: str, gate: TimedGate) -> Iterator[Timed]:
        match gate:
            case CommandGate():
                spec = CommandSpec(name, gate.run, gate.timeout, self._directory(gate.cwd))
                yield Timed(CommandProbe(spec), gate.interval)
            case HttpGate():
                yield Timed(HttpProbe(_http(name, gate), self._executor), gate.interval)
            case ErrorsGate():
                tracker = ErrorTrackerProbe(_tracker(name, gate), self._executor)
                yield Timed(tracker, gate.interval, is_of_fleet="{region}" not in gate.query)
            case _:
                return  # alarms are asked all together

    def _directory(self, written: Path | None) -> Path | None:
        """Return where a command runs: beside the settings, unless they say otherwise."""
        source = self._settings.source
        if source is None:
            return written
        return source.parent / (written or Path()).expanduser()


def _choice(alarm: AlarmName | AlarmGate, gate: str = "") -> AlarmChoice:
    return AlarmChoice(gate, alarm.name or "", tuple((alarm.tag or {}).items()))


def _http(name: str, gate: HttpGate) -> HttpSpec:
    return HttpSpec(
        name,
        gate.url,
        method=gate.method,
        status=gate.status,
        pattern=gate.body,
        document=gate.values,
        headers=gate.headers,
        timeout=gate.timeout,
    )


def _tracker(name: str, gate: ErrorsGate) -> TrackerSpec:
    return TrackerSpec(
        name,
        gate.url,
        organization=gate.organization,
        project=gate.project,
        token=gate.token,
        max_new=gate.max_new,
        release=gate.release,
        query=gate.query,
        timeout=gate.timeout,
    )
