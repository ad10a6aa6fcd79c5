"""How much has the recovery advice been tried on?

    python -m tests.recovery.counts

Tries the properties again, and prints the rows of the table, the regions that the properties saw
and the moves that were made in them, by how they stood.
"""

from __future__ import annotations

from tests.recovery import test_advice_properties as properties
from tests.recovery.test_advice import ROWS, SITUATIONS


def main() -> None:
    """Run every property, and print the counts."""
    for name, examine in vars(properties).items():
        if name.startswith("test_"):
            examine()
    tally = properties.TALLY
    print(f"{len(ROWS)} rows over {len(SITUATIONS)} situations")
    print(f"{tally.states} states, {tally.different} of them different, {tally.moves} moves tried")
    for (remedy, standing), count in sorted(tally.stood.items()):
        print(f"{count:7} {remedy} {standing}")


if __name__ == "__main__":
    main()
