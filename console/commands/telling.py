"""How does a command tell a person something?"""

from __future__ import annotations

import sys

from console.domain.foreign import shown_lines


def say(text: str) -> None:
    """Write text to stderr with everything invisible made visible."""
    print("\n".join(shown_lines(text)), file=sys.stderr)  # noqa: T201 - narration is its job
