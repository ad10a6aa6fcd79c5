"""What did the command line ask for?"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.release import ReleaseError, ReleaseLabel, parse_label
from console.domain.scaling import Scale
from console.domain.vocabulary import RegionName, SlotIndex
from console.errors import UsageError

if TYPE_CHECKING:
    # Nobody is promised anything before the first frame.
    from console.domain.recovery.move import Promised

_EXAMPLE = "release-console --auto --release 0.9.1"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a rollout, and of a look at one."""

    config: Path | None
    release: str | None = None
    image: str | None = None
    auto: bool = False
    watch: bool = False
    regions: str | None = None
    refresh: bool = False
    sandbox: bool = False
    as_json: bool = False
    accept_leftovers: bool = False
    rolls_back: str = ""
    """The id of the rollout that is taken back; empty where none is."""
    only_slots: tuple[tuple[RegionName, tuple[SlotIndex, ...]], ...] = ()
    """The slots that may be touched, region by region; empty for all that need it."""
    because: str = ""
    """Why it is taken back without anybody having asked for it."""
    scale: Scale | None = None
    """The region that gets another number of slots; None where a release is rolled out."""
    promised: tuple[Promised, ...] = ()
    """What the move that it is shall have led to; empty where it is none."""
    leaves: tuple[tuple[RegionName, str], ...] = ()
    """The regions that are left as they are, and why."""
    report: Path | None = None
    """The directory that the report is written to; None for the store's."""

    @property
    def is_plain_screen(self) -> bool:
        """Whether a screen is asked for and nothing else, such as a sandbox behind it."""
        return not (self.auto or self.sandbox or self.as_json)

    @property
    def where(self) -> str:
        """The options that name the settings, as they were typed."""
        if self.sandbox and self.config is None:
            return "--sandbox"
        return f"--config {shlex.quote(str(self.config))}" if self.config else ""

    @property
    def only(self) -> tuple[RegionName, ...] | None:
        """The regions that were named; None for all."""
        if self.regions is None:
            return None
        return tuple(RegionName(name.strip()) for name in self.regions.split(",") if name.strip())

    def label(self) -> ReleaseLabel | None:
        """Return the release that was named, or None.

        Raises:
            UsageError: it is no label, or the options do not go together.
        """
        if self.auto and self.watch:
            raise UsageError("--auto runs a rollout and --watch only looks", "give one of them")
        if self.report is not None and not self.auto:
            raise UsageError(
                "--report goes with --auto",
                "release-console report --out DIR writes the report of any rollout",
            )
        if self.auto and self.release is None:
            raise UsageError("--auto needs a release", _EXAMPLE)
        if not self.auto:
            self._check_screen()
        if self.release is None:
            return None
        try:
            return parse_label(self.release)
        except ReleaseError as error:
            raise UsageError(str(error), _EXAMPLE) from error

    def _check_screen(self) -> None:
        if self.as_json:
            raise UsageError("--json goes with --auto: a screen has no lines", _EXAMPLE)
        if self.watch and self.release is not None:
            raise UsageError("--watch only looks, and ships no --release", "leave one of them out")
        if self.release is None and (self.image is not None or self.refresh):
            option = "--image" if self.image is not None else "--refresh"
            raise UsageError(
                f"{option} says how a release is shipped, and none is named",
                f"name it: --release 0.9.1 {option}; or leave {option} out and use the start form",
            )
        # Of a web page, `serve` has set the driver; an operator's screen is never one.
        is_served = self.watch and bool(os.environ.get("TEXTUAL_DRIVER"))
        if not is_served and not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(
                "the screen needs a terminal, and this is none",
                f"without one: {_EXAMPLE}; or release-console status",
            )
