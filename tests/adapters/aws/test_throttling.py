"""AWS refuses a call because there were too many: it is made again, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.adapters.aws import session as module
from console.adapters.aws.session import AwsSession, AwsTrouble


class Refusing:
    """A call that AWS refuses a few times."""

    def __init__(self, times: int, code: str) -> None:
        self.times = times
        self.code = code
        self.calls = 0

    def __call__(self, client: Any) -> str:
        self.calls += 1
        if self.calls <= self.times:
            told = {"Error": {"Code": self.code, "Message": "not now"}}
            raise ClientError(told, "DescribeInstances")  # type: ignore[arg-type]
        return "answered"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES_S", (0.0, 0.0, 0.0))


async def ask(act: Refusing) -> str | AwsTrouble:
    session = AwsSession()
    try:
        return await session.call("ec2", "us-east-1", act)
    finally:
        session.close()


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Throttling", "SlowDown"])
async def test_too_many_calls_cost_time_and_nothing_else(code: str) -> None:
    act = Refusing(3, code)

    assert await ask(act) == "answered"
    assert act.calls == 4


async def test_patience_has_an_end() -> None:
    act = Refusing(99, "RequestLimitExceeded")

    answer = await ask(act)

    assert isinstance(answer, AwsTrouble)
    assert "AWS is throttling" in answer.message
    assert act.calls == 4


async def test_any_other_refusal_is_told_at_once() -> None:
    act = Refusing(1, "UnauthorizedOperation")

    answer = await ask(act)

    assert isinstance(answer, AwsTrouble)
    assert act.calls == 1
