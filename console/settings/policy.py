"""Which rules do the settings set for one rollout?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from console.domain.draining import DrainRules
from console.domain.policy import EVERY_LOOK, GateRules, Pace, Policy, RegionSpec, Unit
from console.domain.vocabulary import RegionName, UnitName
from console.errors import UsageError
from console.settings.findings import quoted
from console.settings.machine_size import MachineSize, this_machine
from console.settings.model import Settings
from console.settings.nearest import nearest
from console.settings.probe_rules import probe_gates
from console.settings.probes import AllGates
from console.settings.terraform import Layout

Waves = tuple[tuple[RegionName, ...], ...]

_FASTEST, _SLOWEST = timedelta(seconds=1), timedelta(seconds=10)
"""Bounds of the sampling that follows the heartbeats: what an operator can see, and stand."""


def to_policy(
    settings: Settings,
    *,
    regions: Sequence[str] | None = None,
    machine: MachineSize | None = None,
) -> Policy:
    """Return the rules of a rollout.

    Args:
        settings: The settings of the fleet.
        regions: The regions to roll out to; None takes all. The waves without one of them vanish
            and the others are counted anew, so that the first of them is the canary.
        machine: What `max_parallel: auto` follows; None measures this machine.

    Raises:
        UsageError: when `regions` is empty or names one that the fleet does not have.
    """
    waves = _chosen(settings, regions)
    rollout = settings.rollout
    return Policy(
        regions=tuple(
            RegionSpec(
                name, settings.regions[name].count, number, settings.regions[name].on_failure
            )
            for number, wave in enumerate(waves, start=1)
            for name in wave
        ),
        units=_units(settings.terraform.layout, waves),
        max_parallel=rollout.max_parallel or (machine or this_machine()).regions_at_once,
        batch=rollout.batch,
        min_healthy=rollout.min_healthy,
        bake=rollout.bake,
        watch_after=rollout.watch_after,
        on_failure=rollout.on_failure,
        approve=rollout.approve,
        mark=settings.terraform.mark,
        gates=_gate_rules(settings.gates),
        proves_replacements=settings.readiness.heartbeat,
        silent_after=settings.heartbeat.silent_after,
        window=settings.heartbeat.window,
        sample_every=rollout.sample_every
        or min(max(settings.heartbeat.interval, _FASTEST), _SLOWEST),
        drain=_drain_rules(settings),
        is_partial=sum(map(len, waves)) < sum(map(len, settings.rollout.waves)),
    )


def _chosen(settings: Settings, regions: Sequence[str] | None) -> Waves:
    waves = tuple(tuple(RegionName(name) for name in wave) for wave in settings.rollout.waves)
    if regions is None:
        return waves
    if not regions:
        raise UsageError("no region is named", f"name some of {', '.join(settings.regions)}")
    unknown = [name for name in regions if name not in settings.regions]
    if unknown:
        raise _unknown(unknown, tuple(settings.regions))
    chosen = (tuple(name for name in wave if name in regions) for wave in waves)
    return tuple(wave for wave in chosen if wave)


def _unknown(names: Sequence[str], known: Sequence[str]) -> UsageError:
    sentences = []
    for name in names:
        meant = nearest(name, known)
        question = f"; did you mean {meant}?" if meant else ""
        sentences.append(f"{quoted(name)} is no region of this fleet{question}")
    return UsageError("\n".join(sentences), f"its regions are {', '.join(known)}")


def _units(layout: Layout, waves: Waves) -> tuple[Unit, ...]:
    if layout is Layout.SINGLE_ROOT:
        return tuple(
            Unit(UnitName(f"wave-{number}"), number, wave)
            for number, wave in enumerate(waves, start=1)
        )
    return tuple(
        Unit(UnitName(name), number, (name,))
        for number, wave in enumerate(waves, start=1)
        for name in wave
    )


def _gate_rules(gates: AllGates) -> GateRules:
    heartbeat, completions = gates.heartbeat, gates.completions
    heartbeat_within = heartbeat.within if heartbeat else None
    return GateRules(
        heartbeat_within=heartbeat_within,
        completions_min=completions.min_per_instance if completions else None,
        # Without that gate its time must not be what verify waits for.
        completions_within=completions.within if completions else heartbeat_within or timedelta(0),
        backlog_per_worker=gates.backlog.per_worker if gates.backlog else None,
        oldest=gates.backlog.oldest if gates.backlog else None,
        dead_letters_max_new=gates.dead_letters.max_new if gates.dead_letters else None,
        failures_max_ratio=gates.failures.max_ratio if gates.failures else None,
        failures_min_runs=gates.failures.min_runs if gates.failures else 1,
        probes=tuple(rule for rule, _ in probe_gates(gates)),
        paces=tuple((gate, pace) for gate, pace in _paces(gates) if pace != EVERY_LOOK),
    )


def _paces(gates: AllGates) -> Iterator[tuple[str, Pace]]:
    """Yield the pace of each gate, by the name that its verdicts bear."""
    if gates.heartbeat:
        yield "heartbeat", gates.heartbeat.pace(gates.heartbeat.within)
    if gates.completions:
        yield "completions", gates.completions.pace(gates.completions.within)
    if gates.backlog:
        yield "backlog", gates.backlog.timed()
        yield "oldest", gates.backlog.timed()
    if gates.dead_letters:
        yield "dead_letters", gates.dead_letters.timed()
    if gates.failures:
        yield "failures", gates.failures.timed()
    for rule, gate in probe_gates(gates):
        # Between two questions nothing is new; so every answer counts, whenever it comes.
        yield rule.gate, replace(gate.timed(), interval=timedelta(0))


def _drain_rules(settings: Settings) -> DrainRules:
    drain, written = settings.drain, settings.terraform.variables.get("stop_grace_seconds")
    grace = timedelta(seconds=written) if isinstance(written, int) else None
    return DrainRules(
        grace=drain.grace or grace,
        within=drain.within if drain.command else None,
        longest_job=drain.longest_job,
    )
