"""Of a build and of a push few lines are told, and all that matter."""

from __future__ import annotations

import base64

from console.adapters.docker.buildkit import Printed, Vertex, read_trace
from console.adapters.docker.layers import Layers, in_bytes
from console.adapters.docker.narration import Narration
from console.engine.ports import ProgressKind
from tests.adapters.docker.conftest import Told


def pushing(layer: str, done: int, total: int) -> dict[str, object]:
    return {"id": layer, "status": "Pushing", "progressDetail": {"current": done, "total": total}}


def test_a_layer_is_told_of_in_tenths(told: Told) -> None:
    layers = Layers("push", told)
    layers.take({"status": "Preparing", "id": "aaa"})
    for done in range(1001):
        layers.take(pushing("aaa", done * 1000, 1_000_000))
    layers.take({"status": "Pushed", "id": "aaa"})
    layers.take({"status": "The push refers to repository [x]"})

    assert told.lines[0] == "aaa preparing"
    assert told.lines[4] == "aaa pushing 30% of 1.0 MB"
    assert told.lines[-1] == "aaa pushed"
    assert len(told.lines) == 1 + 11 + 1
    assert told.all[-1].kind is ProgressKind.FINISHED
    assert {p.address for p in told.all} == {"aaa"}


def test_more_than_was_announced_is_no_more_than_all(told: Told) -> None:
    Layers("push", told).take(pushing("aaa", 5000, 4000))
    assert told.lines == ["aaa pushing 100% of 4.0 kB"]


def test_sizes() -> None:
    assert [in_bytes(n) for n in (0, 999, 1000, 12_345_678)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "12.3 MB",
    ]


def test_the_classic_builder(told: Told) -> None:
    narration = Narration(told)
    for text in (
        "Step 1/2 : FROM scratch",
        "\n",
        " ---> \n",
        "Step 2/2 : RUN make\n",
        "it works\n",
    ):
        narration.take({"stream": text})
    narration.take({"aux": {"ID": "sha256:1"}})
    narration.finish()

    assert [(p.kind.value, p.message) for p in told.all] == [
        ("started", "1/2 : FROM scratch"),
        ("finished", "1/2 : FROM scratch"),
        ("started", "2/2 : RUN make"),
        ("output", "it works"),
        ("finished", "2/2 : RUN make"),
    ]
    assert narration.image_id == "sha256:1"


def field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return bytes((number << 3, value))
    data = value.encode() if isinstance(value, str) else value
    return bytes((number << 3 | 2, len(data))) + data


def trace(*fields: bytes) -> str:
    return base64.b64encode(b"".join(fields)).decode()


def test_buildkit_tells_steps_and_what_they_print(told: Told) -> None:
    step = field(1, "sha256:1") + field(3, "[2/2] RUN make")
    started, ended = step + field(5, b""), step + field(5, b"") + field(6, b"")
    narration = Narration(told)
    printed = field(1, "sha256:1") + field(3, 1) + field(4, "it works\n")
    for aux in (trace(field(1, started)), trace(field(3, printed)), trace(field(1, ended))):
        narration.take({"id": "moby.buildkit.trace", "aux": aux})
        narration.take({"id": "moby.buildkit.trace", "aux": aux})

    assert [(p.kind.value, p.message) for p in told.all] == [
        ("started", "[2/2] RUN make"),
        ("output", "it works"),
        ("output", "it works"),
        ("finished", "[2/2] RUN make"),
    ]


def test_a_step_that_failed_or_was_there_already() -> None:
    name = field(1, "a") + field(3, "RUN x")
    (cached,) = read_trace(trace(field(1, name + field(4, 1) + field(5, b"") + field(6, b""))))
    (failed,) = read_trace(trace(field(1, name + field(7, "exit code 1"))))

    assert cached == Vertex("a", "RUN x", True, True, True, "")
    assert isinstance(failed, Vertex)
    assert failed.error == "exit code 1"


def test_fields_of_a_later_version_are_passed_over() -> None:
    unknown = bytes((15 << 3 | 1,)) + bytes(8) + bytes((14 << 3 | 5,)) + bytes(4) + field(13, "x")
    log = field(1, "a") + field(4, "y")
    assert list(read_trace(trace(unknown, field(3, log)))) == [Printed("a", "y")]


def test_what_is_no_trace_tells_nothing() -> None:
    nonsense: tuple[object, ...] = (None, {}, "no base64!", trace(b"\x0a\x7f"), trace(b"\x07"))
    for aux in nonsense:
        assert list(read_trace(aux)) == []
