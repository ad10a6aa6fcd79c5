"""Who is told can be tried without a rollout, and no address is ever shown."""

from __future__ import annotations

from tests.notify.webhook import Webhook

from .console import Project

SECRET = "T0KEN"


def naming(project: Project, *addresses: str) -> Project:
    lines = "".join(f"\n  - {address}" for address in addresses)
    with project.config.open("a") as settings:
        settings.write(f"notify:{lines}\n")
    return project


def test_a_test_reaches_everybody_and_tells_who_was_not_reached(
    project: Project, webhook: Webhook
) -> None:
    address = f"{webhook.address}/refused/{SECRET}"
    naming(project, "${HOOK}", f'{{url: "{address}", on: [halted]}}')
    ran = project.run("notify", "test", HOOK=webhook.address)
    assert ran.exit_code == 3
    assert ran.stdout.splitlines() == [
        "✓ notify[0] (json)       was told",
        "✗ notify[1] (json)       it answered 403",
    ]
    assert {post["title"] for post in webhook.posts} == {"checks (test): a test of release-console"}
    assert SECRET not in ran.stdout + ran.stderr


def test_without_addresses_it_says_how_to_name_one(project: Project) -> None:
    ran = project.run("notify", "test")
    assert ran.exit_code == 2
    assert 'notify: ["${SLACK_WEBHOOK}"]' in ran.stderr


def test_the_doctor_knows_good_addresses_and_sends_nothing(
    project: Project, webhook: Webhook, nobody: str
) -> None:
    naming(
        project, webhook.address, f"slackk://{SECRET}", f'{{url: "json://{SECRET}", on: [halted]}}'
    )
    ran = project.run("doctor", AWS_ENDPOINT_URL=nobody, AWS_MAX_ATTEMPTS="1")
    assert "✓ notify[0]              JSON, told of everything" in ran.stdout
    assert "✗ notify[1]              Apprise knows no service by this address" in ran.stdout
    assert "✓ notify[2]              JSON, told of halted" in ran.stdout
    assert SECRET not in ran.stdout + ran.stderr
    assert webhook.posts == []


def test_a_wrong_address_is_told_without_quoting_it(project: Project) -> None:
    ran = naming(project, "${HOOK}").run("config", "check", HOOK=SECRET)
    assert ran.exit_code == 2
    assert "notify[0]: holds no address" in ran.stderr
    assert SECRET not in ran.stderr


def test_a_secret_is_in_no_picture_of_the_settings(project: Project, webhook: Webhook) -> None:
    naming(project, f"{webhook.address}/{SECRET}")
    program = "from console.settings import load; print(repr(load()))"
    assert SECRET not in project.python("-c", program).stdout
