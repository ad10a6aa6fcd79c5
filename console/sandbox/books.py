"""What do the books say? One JSON file, replaced as a whole each second.

Anyone may read it at any time and finds a complete one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from console.sandbox.layout import Layout
from console.sandbox.ledger import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from console.sandbox.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Books:
    """All regions together."""

    sent: int = 0
    done: int = 0
    waiting: int = 0
    in_flight: int = 0
    dead: int = 0
    lost: int = 0
    """Neither done, waiting, in flight nor dead, and with no result on the way."""
    duplicated: int = 0
    """Results beyond the first of their job."""
    wait_p50_s: float | None = None
    """From sent to result posted, seconds; None before the first result."""
    wait_p99_s: float | None = None
    by_release: Mapping[str, int] = field(default_factory=dict)
    """Jobs done by each release."""
    min_healthy: Mapping[str, int] = field(default_factory=dict)
    """Per region, the fewest healthy instances since it was complete for the first time."""


def sum_up(ledgers: Iterable[Ledger], min_healthy: Mapping[str, int]) -> Books:
    """Make the books of all regions."""
    all_of_them = tuple(ledgers)
    waits: Counter[int] = Counter()
    by_release: Counter[str] = Counter()
    for ledger in all_of_them:
        waits.update(ledger.waits)
        by_release.update(ledger.by_release)
    return Books(
        sent=sum(each.sent for each in all_of_them),
        done=sum(each.done for each in all_of_them),
        waiting=sum(each.depth.waiting for each in all_of_them),
        in_flight=sum(each.depth.in_flight for each in all_of_them),
        dead=sum(each.depth.dead for each in all_of_them),
        lost=sum(each.lost for each in all_of_them),
        duplicated=sum(each.duplicated for each in all_of_them),
        wait_p50_s=percentile(waits, 0.5),
        wait_p99_s=percentile(waits, 0.99),
        by_release=dict(sorted(by_release.items())),
        min_healthy=dict(min_healthy),
    )


def write_books(directory: Path, books: Books) -> None:
    """Replace the books of the world in `directory`."""
    replace_text(Layout(directory).books, json.dumps(asdict(books), indent=1) + "\n")


def read_books(directory: Path) -> Books | None:
    """The books of the world in `directory`, also after it has ended; None if there are none."""
    try:
        return Books(**json.loads(Layout(directory).books.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def replace_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file's text so that a reader finds the old or the new one, never a part."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as new:
        new.write(text)
    os.chmod(new.name, mode)  # noqa: PTH101
    Path(new.name).replace(path)
