"""How does a world run in the background? As `python -m console.sandbox.daemon SPEC READY_FD`.

Says once on the file descriptor READY_FD that it is ready, or why it is not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from console.sandbox.errors import SandboxError
from console.sandbox.spec import WorldSpec
from console.sandbox.world import run_world


def main(arguments: list[str]) -> int:
    """Run a world until it is told to stop. Returns the exit code."""
    spec = WorldSpec.from_json(Path(arguments[0]).read_text(encoding="utf-8"))
    ready = int(arguments[1])
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Inherited by nobody else: the starter waits for this descriptor to close.
    os.set_inheritable(ready, False)

    def say(**answer: str) -> None:
        os.write(ready, json.dumps(answer).encode() + b"\n")

    try:
        asyncio.run(run_world(spec, on_ready=lambda world: say(ready=world.aws_endpoint)))
    except SandboxError as error:
        logging.getLogger(__name__).exception("the world ended")
        say(error=error.message, hint=error.hint)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
