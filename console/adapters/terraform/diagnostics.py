"""What did Terraform complain of, and what sort of failure is that?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.adapters.terraform.hints import hint_for
from console.domain.failure import Failure, FailureKind

_LOCKED = "Error acquiring the state lock"
_STALE = "Saved plan is stale"
_HALTED = ("execution halted", "operation canceled", "interrupted")

# The frame that Terraform draws around an error for people; -no-color leaves it in.
_FRAME = re.compile(r"^[╷│╵] ?", re.MULTILINE)
_HUMAN = re.compile(r"^Error: (?P<summary>.*)$", re.MULTILINE)
_LOCK_LINE = re.compile(
    r"^\s*(?P<name>ID|Operation|Who|Created):\s*(?P<value>\S.*?)\s*$", re.MULTILINE
)
_PREFIX = "OperationType"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error as Terraform tells it. Foreign text."""

    summary: str
    detail: str = ""
    address: str = ""

    @property
    def text(self) -> str:
        """All of it, as evidence."""
        where = f" ({self.address})" if self.address else ""
        return "\n".join(part for part in (f"{self.summary}{where}", self.detail.strip()) if part)


def unready(error: Diagnostic, last_words: str) -> Diagnostic:
    """Return what a provisioner's error means: the new worker has not proven itself.

    Args:
        error: any error; others than a provisioner's are returned as they are.
        last_words: the last thing that the provisioner's command said.
    """
    if "provisioner error" not in error.summary:
        return error
    said = last_words.removeprefix("NOT READY: ").removeprefix("error: ")
    return Diagnostic("the new worker did not become ready", said or error.detail, error.address)


def read_human(stderr: str) -> tuple[Diagnostic, ...]:
    """Return the errors in what Terraform wrote for people, as `init` and `taint` still do."""
    text = _FRAME.sub("", stderr)
    found = list(_HUMAN.finditer(text))
    bounds = [match.start() for match in found] + [len(text)]
    return tuple(
        Diagnostic(match["summary"].strip(), text[match.end() : end].strip())
        for match, end in zip(found, bounds[1:], strict=True)
    )


def failure_of(
    what: str,
    diagnostics: Sequence[Diagnostic],
    *,
    exit_code: int,
    stderr: str = "",
    was_interrupted: bool = False,
) -> Failure:
    """Return why `what` did not succeed.

    Args:
        what: the step, such as "plan of eu-west-1".
        diagnostics: errors from the JSON stream; without any, those in `stderr` are taken.
        exit_code: of the process.
        stderr: what it wrote for people.
        was_interrupted: whether the console had sent it a SIGINT.
    """
    errors = tuple(diagnostics) or read_human(stderr)
    evidence = "\n\n".join(dict.fromkeys(error.text for error in errors)) or stderr.strip()
    locked = next((error for error in errors if error.summary == _LOCKED), None)
    if locked is not None:
        return _locked(what, locked, evidence)
    if any(error.summary == _STALE for error in errors):
        return Failure(
            FailureKind.STALE,
            f"{what}: the state was changed after this plan was made",
            "make a fresh plan",
            evidence,
        )
    if was_interrupted or _is_halted(errors) or exit_code < 0:
        return _interrupted(what, exit_code, evidence)
    return Failure(
        FailureKind.FAILED, _message(what, errors, exit_code, stderr), hint_for(evidence), evidence
    )


def _locked(what: str, error: Diagnostic, evidence: str) -> Failure:
    told = {match["name"]: match["value"] for match in _LOCK_LINE.finditer(error.detail)}
    if "Who" not in told:
        # Terraform says the same of a lock that it could not even ask for.
        hint = hint_for(evidence)
        return Failure(
            FailureKind.FAILED if hint else FailureKind.LOCKED,
            f"{what}: the state lock could not be taken: {_first_line(error.detail)}",
            hint,
            evidence,
        )
    operation = told.get("Operation", "").removeprefix(_PREFIX).lower() or "an operation"
    return Failure(
        FailureKind.LOCKED,
        f"{what}: {told['Who']} holds the state lock for {operation} since "
        f"{told.get('Created', 'an unknown time')}",
        f"wait for it; if its holder is dead: release-console unlock (lock {told.get('ID', '?')})",
        evidence,
    )


def _interrupted(what: str, exit_code: int, evidence: str) -> Failure:
    how = f"by signal {-exit_code}" if exit_code < 0 else "and stopped"
    return Failure(
        FailureKind.INTERRUPTED,
        f"{what}: it was interrupted {how}; what it had begun may be half done",
        "release-console status shows what is half done",
        evidence,
    )


def _is_halted(errors: Iterable[Diagnostic]) -> bool:
    return any(error.summary.lower() in _HALTED for error in errors)


def _message(what: str, errors: Sequence[Diagnostic], exit_code: int, stderr: str) -> str:
    if not errors:
        # Some errors come before Terraform has read its own options, without any frame.
        *_, last = ["told no reason", *filter(None, map(str.strip, stderr.splitlines()))]
        return f"{what}: Terraform ended with exit code {exit_code}: {last}"
    first = errors[0]
    where = f" at {first.address}" if first.address else ""
    more = f", and {len(errors) - 1} more errors" if len(errors) > 1 else ""
    detail = _first_line(first.detail)
    return f"{what}: {first.summary}{where}{more}{f'. {detail}' if detail else ''}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()
