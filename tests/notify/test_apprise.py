"""A message reaches a real server, and what goes wrong is told without the address."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.adapters import notify
from console.adapters.notify import AppriseNotifications, NotifyAddress
from console.domain.notification import Message
from console.domain.sentence import Tone
from console.domain.vocabulary import Occasion
from tests.notify.webhook import Webhook

HALTED = Message(
    Occasion.HALTED, "r-1", "checks (prod): 0.9.1 halted", ("[/] <!channel> *x*", "next"), Tone.BAD
)


def recipients(*urls: str) -> AppriseNotifications:
    return AppriseNotifications([NotifyAddress(url, frozenset(Occasion)) for url in urls])


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "_DEADLINE_S", 120)


async def test_a_message_arrives_as_it_is(webhook: Webhook) -> None:
    assert await recipients(webhook.address).send(0, HALTED) is None
    (post,) = webhook.posts
    assert post["title"] == "checks (prod): 0.9.1 halted"
    assert post["message"] == "[/] <!channel> *x*\nnext"
    assert post["type"] == "failure"


@pytest.mark.parametrize(
    ("path", "why"), [("refused", "it answered 403"), ("hangs-up", "it could not be reached")]
)
async def test_what_goes_wrong_is_told_without_the_address(
    webhook: Webhook, caplog: pytest.LogCaptureFixture, path: str, why: str
) -> None:
    told = recipients(f"{webhook.address}/{path}/TOKEN?+X-Key=SECRET")
    failure = await told.send(0, HALTED)
    assert failure == why
    everything = f"{failure} {told.recipients} {told.__dict__} {caplog.text}"
    assert "TOKEN" not in everything
    assert "SECRET" not in everything


async def test_a_service_that_hangs_is_given_up(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "_DEADLINE_S", 0.3)
    failure = await recipients(f"{webhook.address}/hangs").send(0, HALTED)
    assert failure is not None
    assert failure.startswith("it did not answer within")


def test_services_are_known_without_sending(webhook: Webhook) -> None:
    slack = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    told = recipients(webhook.address, slack, "slackk://x", "mailto://ada:pw@example.com")
    assert told.services() == ("JSON", "Slack", None, "E-Mail")
    assert webhook.posts == []


def test_nothing_of_apprise_is_loaded_before_the_first_message() -> None:
    program = (
        "import sys, console.cli, console.wiring, console.adapters.notify as n\n"
        "n.AppriseNotifications([n.NotifyAddress('json://x', frozenset())])\n"
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
