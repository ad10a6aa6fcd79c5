"""From which source is an image built?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.adapters.process import Command, run

_LOGIN = re.compile(r"(?<=//)[^/@]+@")


@dataclass(frozen=True, slots=True)
class Source:
    """A build context's place in a repository of git; empty where it is in none."""

    commit: str = ""
    """The commit that is checked out."""
    changed: tuple[str, ...] = ()
    """Files of the context that differ from it, as `git status` writes them."""
    committed_at: datetime | None = None
    url: str = ""
    """Where the repository comes from, without a login."""

    @property
    def revision(self) -> str:
        """The commit, and whether the work tree was it."""
        return f"{self.commit}-dirty" if self.commit and self.changed else self.commit

    @property
    def is_exact(self) -> bool:
        """Whether the revision says all of what goes into the image."""
        return bool(self.commit) and not self.changed


async def read_source(context: Path) -> Source:
    """Return what git says of `context`; nothing where it knows nothing of it."""
    head = await _git(context, "log", "-1", "--format=%H %ct")
    if not head:
        return Source()
    commit, _, seconds = head.partition(" ")
    status = await _git(context, "status", "--porcelain", "--untracked-files=all", "--", ".")
    url = await _git(context, "config", "--get", "remote.origin.url")
    return Source(
        commit,
        tuple(line[3:] for line in status.splitlines()),
        datetime.fromtimestamp(int(seconds), UTC),
        _LOGIN.sub("", url),
    )


async def _git(context: Path, *arguments: str) -> str:
    try:
        done = await run(Command(("git", "-C", str(context), *arguments)))
    except OSError:
        return ""  # no git: an image can be built all the same
    return done.stdout.rstrip("\n") if done.exit_code == 0 else ""
