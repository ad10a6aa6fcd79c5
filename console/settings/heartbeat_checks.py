"""Do the settings of the heartbeats' source fit together?"""

from __future__ import annotations

from collections.abc import Iterator

from console.settings.findings import Complaint
from console.settings.heartbeat import HeartbeatSource
from console.settings.salvage import Values

_EXAMPLES = {
    HeartbeatSource.PROMETHEUS: "{url: https://prometheus.example.com}",
    HeartbeatSource.APPOPTICS: '{token: "${APPOPTICS_TOKEN}"}',
    HeartbeatSource.COMMAND: '{run: [./heartbeats.sh, "{region}"]}',
}


def source_complaints(values: Values, data: object) -> Iterator[Complaint]:
    """Yield what is wrong between the source, its section and its times.

    Args:
        values: The good settings by dotted key.
        data: The settings as they were read, to see what was written at all.
    """
    source = values.get("heartbeat.source")
    heartbeat = data.get("heartbeat") if isinstance(data, dict) else None
    written = heartbeat if isinstance(heartbeat, dict) else {}
    for kind, example in _EXAMPLES.items():
        if kind is source and written.get(kind) is None:
            yield Complaint(
                ("heartbeat", kind.value),
                f"is missing with source: {kind}; write it, for example `{kind}: {example}`",
            )
        elif source is not None and kind is not source and written.get(kind) is not None:
            yield Complaint(
                ("heartbeat", kind.value),
                f"has no meaning with source: {source}; leave it out, or write source: {kind}",
            )
    if source is not None and source is not HeartbeatSource.CLOUDWATCH:
        yield from _late_complaints(values, source)


def _late_complaints(values: Values, source: HeartbeatSource) -> Iterator[Complaint]:
    interval, silent_after = values.get("heartbeat.interval"), values.get("heartbeat.silent_after")
    delay = values.get("heartbeat.delay")
    if not (interval and silent_after and delay):
        return
    if source is HeartbeatSource.APPOPTICS:
        delay += values.get("heartbeat.appoptics.resolution", interval * 0)
    if silent_after < 2 * interval + delay:
        yield Complaint(
            ("heartbeat", "silent_after"),
            "is less than two heartbeats and the time until one can be read (heartbeat.delay, and "
            "appoptics.resolution), so that a living instance would look dead; write more",
        )
