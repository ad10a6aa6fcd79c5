"""What does one line of `terraform plan -json` or `apply -json` tell?

The stream is for eyes: it carries no deposed keys, so two changes of one address look like one.
https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from console.adapters.terraform.diagnostics import Diagnostic, unready
from console.domain.fleet import UnitName
from console.engine.ports import OnProgress, Progress, ProgressKind

_KINDS: Mapping[str, ProgressKind] = {
    "apply_start": ProgressKind.STARTED,
    "apply_progress": ProgressKind.RUNNING,
    "apply_complete": ProgressKind.FINISHED,
    "apply_errored": ProgressKind.FAILED,
    "provision_start": ProgressKind.STARTED,
    "provision_progress": ProgressKind.OUTPUT,
    "provision_complete": ProgressKind.FINISHED,
    "provision_errored": ProgressKind.FAILED,
    "refresh_start": ProgressKind.STARTED,
    "refresh_complete": ProgressKind.FINISHED,
    "planned_change": ProgressKind.RUNNING,
    "change_summary": ProgressKind.FINISHED,
    "log": ProgressKind.RUNNING,
}


# How the readiness checks begin their last words: await-launcher.sh, and await-ready.
_COMPLAINTS = ("NOT READY", "error:")


def parse_line(line: str, unit: UnitName | None = None) -> Progress | Diagnostic | None:
    """Return what `line` tells, or None for a line that tells nothing or is no JSON at all."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    kind = str(message.get("type"))
    if kind == "diagnostic":
        return _diagnostic(message)
    if kind not in _KINDS:
        return None
    return _progress(kind, message, unit)


class Stream:
    """Listens to one run: hands on its progress and keeps its errors."""

    def __init__(self, unit: UnitName, on_progress: OnProgress) -> None:
        """Listen for `unit`."""
        self._unit = unit
        self._on_progress = on_progress
        self._errors: list[Diagnostic] = []
        self._last_words: dict[str, str] = {}

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors so far; those of a provisioner with the last words of what it ran."""
        return tuple(
            unready(error, self._last_words.get(error.address, "")) for error in self._errors
        )

    def hear(self, line: str) -> None:
        """Take one line."""
        told = parse_line(line, self._unit)
        if isinstance(told, Diagnostic):
            self._errors.append(told)
        elif told is not None:
            if told.kind is ProgressKind.OUTPUT and told.address and told.message.strip():
                self._remember(told.address, told.message.strip())
            self._on_progress(told)

    def _remember(self, address: str, line: str) -> None:
        # A complaint is followed by its hint; the complaint is what tells why.
        if not self._last_words.get(address, "").startswith(_COMPLAINTS):
            self._last_words[address] = line


def _diagnostic(message: Mapping[str, Any]) -> Diagnostic | None:
    told = _mapping(message.get("diagnostic"))
    if told.get("severity") != "error":
        return None
    return Diagnostic(
        summary=str(told.get("summary") or message.get("@message") or "unknown error"),
        detail=str(told.get("detail") or ""),
        address=str(told.get("address") or ""),
    )


def _progress(kind: str, message: Mapping[str, Any], unit: UnitName | None) -> Progress:
    about = _mapping(message.get("hook")) or _mapping(message.get("change"))
    address = _mapping(about.get("resource")).get("addr")
    elapsed = about.get("elapsed_seconds")
    action = "provision" if kind.startswith("provision") else about.get("action")
    if kind.startswith("refresh"):
        action = "refresh"
    return Progress(
        kind=_KINDS[kind],
        message=str(about.get("output") or message.get("@message") or ""),
        unit=unit,
        address=str(address) if address else None,
        action=str(action) if action else None,
        elapsed_s=int(elapsed) if isinstance(elapsed, int | float) else None,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
