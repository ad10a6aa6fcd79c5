"""Is the digest of a push found, whoever makes the engine?"""

from __future__ import annotations

import pytest

from console.adapters.docker.push import digest_in

DIGEST = f"sha256:{'a1' * 32}"


@pytest.mark.parametrize(
    ("record", "digest"),
    [
        # Docker Engine 20.10, and a line as the next one beside it
        ({"progressDetail": {}, "aux": {"Tag": "0.9.1", "Digest": DIGEST, "Size": 528}}, DIGEST),
        # Podman 4.3: nothing but the line
        ({"status": f"0.9.1: digest: {DIGEST} size: 423"}, DIGEST),
        ({"status": "The push refers to repository [127.0.0.1:5000/checks]"}, ""),
        ({"status": "0.9.1: digest: sha256:cut-short"}, ""),
        ({"status": "Pushed", "id": "d4c9a4ae8a1e"}, ""),
        ({"aux": {}}, ""),
    ],
)
def test_the_digest_is_found(record: dict[str, object], digest: str) -> None:
    assert digest_in(record) == digest
