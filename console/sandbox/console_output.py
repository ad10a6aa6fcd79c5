"""What does EC2 GetConsoleOutput say? What the instance really printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.responses.general import General

KEPT_BYTES = 64 * 1024
"""EC2 keeps the last 64 KiB.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html"""


def install(instances: Path) -> None:
    """Serve `<instances>/<id>/console.log` instead of moto's sample text."""

    def get_console_output(response: Any) -> ActionResult:  # noqa: ANN401
        # Asking moto first turns an unknown id into EC2's own error.
        instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
        text = _last_part(instances / instance.id / "console.log")
        return ActionResult(
            {
                "InstanceId": instance.id,
                "Timestamp": utcnow(),
                "Output": Base64EncodedString.from_raw_string(text),
            }
        )

    setattr(General, get_console_output.__name__, get_console_output)


def _last_part(path: Path) -> str:
    try:
        with path.open("rb") as console:
            size = console.seek(0, 2)
            console.seek(max(0, size - KEPT_BYTES))
            return console.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
