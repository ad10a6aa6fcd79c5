"""What are the gates called that ask something outside, and what do they want, in words?"""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.policy import ProbeRule
from console.settings.model import Settings
from console.settings.probes import AllGates, HttpGate
from console.settings.rules import Timed

ERRORS = "errors"
"""The name of the error tracker's gate: there is one tracker."""


def probe_gates(gates: AllGates) -> Iterator[tuple[ProbeRule, Timed]]:
    """Yield the rule of every such gate with its settings, in the order in which they are shown."""
    for alarm in gates.alarms:
        yield ProbeRule(alarm.told, "OK"), alarm
    for command in gates.commands:
        yield ProbeRule(f"command {command.name}", "exit 0"), command
    for http in gates.http:
        yield ProbeRule(f"http {http.name}", _wanted(http)), http
    if gates.errors is not None:
        yield ProbeRule(ERRORS, f"at most {gates.errors.max_new} new"), gates.errors


def asks_outside(settings: Settings) -> bool:
    """Whether anything is asked outside, or muted there."""
    return bool(settings.rollout.mute_alarms) or any(probe_gates(settings.gates))


def _wanted(gate: HttpGate) -> str:
    status = " or ".join(map(str, gate.status)) or "2xx"
    content = " and content" if gate.body or gate.values else ""
    return f"status {status}{content}"
