"""What is the least that a Textual app can be that shows the regions? The other side of a ratio."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable

COLUMNS = ("wave", "region", "phase", "instances", "release", "waiting", "oldest", "beat")


class BareTable(App[None]):
    """A table of regions, and nothing else."""

    def compose(self) -> ComposeResult:
        """Make the table."""
        yield DataTable()

    def on_mount(self) -> None:
        """Fill it."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        for region in sys.argv[1:]:
            table.add_row("1", region, *("-" for _ in COLUMNS[2:]))


if __name__ == "__main__":
    BareTable().run()
