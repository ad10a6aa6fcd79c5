"""Where is the state that an apply could not write to its backend?

Terraform leaves it as `errored.tfstate` in the root. Several units share one root, so it is taken
from there when the apply has ended, to a place of its own for each state.
https://developer.hashicorp.com/terraform/cli/commands/state/push
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.private import write_private
from console.adapters.terraform.state import StateError, document_of, parse_state
from console.domain.fleet import ErroredState, RegionName

_NAME = "errored.tfstate"


class ErroredStates:
    """The states that applies of one root could not write."""

    def __init__(self, root: Path, directory: Path) -> None:
        """Look at nothing yet.

        Args:
            root: where Terraform leaves them.
            directory: where they are kept.
        """
        self._left = root / _NAME
        self._directory = directory
        self._lineages: dict[str, str] = {}

    @property
    def is_any_left(self) -> bool:
        """Whether one lies in the root, of whatever state."""
        return self._left.exists()

    def know(self, state: str, lineage: str) -> None:
        """Remember whose lineage that is: a backend that cannot be written may not tell either."""
        if lineage:
            self._lineages[state] = lineage

    def collect(self, state: str) -> None:
        """Take what the apply of `state` that has just ended has left, if it has.

        A file of another state's lineage goes to that state's place; one of a lineage that is not
        known here stays, because an apply that another console runs may have left it.

        Raises:
            OSError: when it cannot be moved; it is still in the root then.
        """
        if not self.is_any_left:
            return
        text = self._left.read_text(errors="replace")
        lineage = _lineage(text)
        owner = next((name for name, known in self._lineages.items() if known == lineage), None)
        if owner is None and lineage and state in self._lineages:
            return
        place = self._place(owner or state)
        _out_of_the_way(place)
        write_private(place, text)
        self._left.unlink()

    def find(self, state: str) -> Path | None:
        """Return the newest file of `state`, in the root perhaps; None where there is none.

        Raises:
            OSError: when one is there that cannot be read.
        """
        if self._place(state).exists():
            return self._place(state)
        if not self.is_any_left:
            return None
        lineage = _lineage(self._left.read_text(errors="replace"))
        return self._left if lineage and self._lineages.get(state) == lineage else None

    def pushed(self, path: Path, state: str) -> None:
        """Put a file away whose state the backend has now.

        Raises:
            OSError: when it cannot be moved.
        """
        kept = self._place(state).with_suffix(".tfstate.pushed")
        _out_of_the_way(kept)
        write_private(kept, path.read_text())
        path.unlink()

    def _place(self, state: str) -> Path:
        return self._directory / f"{state}.tfstate"


def read_errored(path: Path, addresses: Addresses, regions: Sequence[RegionName]) -> ErroredState:
    """Return what an errored state holds of `regions`; a file that is damaged says so."""
    try:
        text = path.read_text()
        states = parse_state(text, addresses)
    except (OSError, ValueError) as error:
        return ErroredState(path, error=str(error))
    first = next(iter(states.values()))
    if not first.lineage:
        return ErroredState(path, error="it is empty")
    objects = {region: states[region].objects for region in regions}
    return ErroredState(path, first.serial, first.lineage, objects)


def _lineage(text: str) -> str:
    try:
        return str(document_of(text).get("lineage", ""))
    except StateError:
        return ""


def _out_of_the_way(path: Path) -> None:
    """Give a file that is there already the first number that is free."""
    if path.exists():
        names = (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
        path.rename(next(name for name in names if not name.exists()))
