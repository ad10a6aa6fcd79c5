"""Which AWS calls fail in this world, and which jobs are bad? One file, changed while it runs.

Whoever wants trouble writes `D/faults.json`; the endpoints and the job producer look at it. Each
trouble has a name, so that several can be there at once and each is there only once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from console.sandbox.books import replace_text
from console.sandbox.credentials import OPERATOR_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One sort of call, and how it fails. Empty means any."""

    service: str = ""
    """Signing name, such as ec2."""
    operation: str = ""
    region: str = ""
    caller: str = OPERATOR_KEY
    """Access key: the console's and Terraform's, unless said otherwise."""
    code: str = ""
    """AWS's word, such as RequestExpired; empty to hang up instead of an answer."""
    status: int = 400
    message: str = ""
    share: float = 1.0
    """Of these calls, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What one scenario has put into the world."""

    rules: tuple[FaultRule, ...] = ()
    poison_share: float = 0.0
    """Of the jobs that are sent: how many no release can do, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """Everything that is wrong now, by name."""

    by_name: Mapping[str, Trouble] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """The rules of all, in order: the first that fits decides."""
        return tuple(rule for trouble in self.by_name.values() for rule in trouble.rules)

    @property
    def poison_share(self) -> float:
        """How many of the jobs are bad."""
        return max((trouble.poison_share for trouble in self.by_name.values()), default=0.0)


def read_troubles(path: Path) -> Troubles:
    """Read the file; no file is no trouble.

    Raises:
        ValueError: it is not what `write_troubles` writes.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Troubles()
    return Troubles({name: _trouble(each) for name, each in told.items()})


def write_troubles(path: Path, troubles: Troubles) -> None:
    """Replace the file as a whole."""
    told = {name: asdict(trouble) for name, trouble in troubles.by_name.items()}
    replace_text(path, json.dumps(told, indent=1) + "\n")


def put_trouble(path: Path, name: str, trouble: Trouble) -> None:
    """Add a trouble, or replace the one of this name."""
    write_troubles(path, Troubles({**read_troubles(path).by_name, name: trouble}))


def end_troubles(path: Path) -> tuple[str, ...]:
    """End all of them, and return their names."""
    names = tuple(read_troubles(path).by_name)
    path.unlink(missing_ok=True)
    return names


class TroubleWatch:
    """The file as it is now, read again only when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._troubles = Troubles()

    def look(self) -> Troubles:
        """Return what is wrong now: the same object for as long as nothing changes."""
        seen = self._stamp()
        if seen != self._seen:
            self._troubles, self._seen = read_troubles(self._path), seen
        return self._troubles

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        # Replaced as a whole each time: a new file has a new number, however coarse the clock is.
        return status.st_mtime_ns, status.st_ino


def _trouble(told: Mapping[str, Any]) -> Trouble:
    return Trouble(tuple(FaultRule(**rule) for rule in told["rules"]), told["poison_share"])
