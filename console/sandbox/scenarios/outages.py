"""What if AWS does not do what it is asked? Errors in AWS's own wire format, until `calm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.exit_codes import ExitCode
from console.sandbox.access_log import calls_in
from console.sandbox.books import read_books
from console.sandbox.credentials import OPERATOR_KEY
from console.sandbox.faults import FaultRule, Trouble, put_trouble
from console.sandbox.scenarios.consoles import require_rest, rolling_out
from console.sandbox.scenarios.scenario import Scenario, wait_until
from console.sandbox.scenarios.settings import copy_root, write_settings

if TYPE_CHECKING:
    from console.sandbox.scenarios.scenario import Stage

THROTTLED_SHARE = 0.3
POISON_SHARE = 0.2

_DEAD_LETTER_SECONDS = 180
"""Three deliveries, each hidden for the queue's visibility time-out."""
_RETRIES = 2
"""Terraform's own 25, ever further apart, take it more than an hour to give up: it repeats EC2's
InsufficientInstanceCapacity (an error 500) and RequestExpired like any other hiccup."""
_CALM = "release-console sandbox scenario calm --dir {dir}"
_ROLL_OUT = "release-console --auto --release 0.9.2 --config {config}"

_EXPIRED = "The security token included in the request is expired"
EXPIRED = (
    FaultRule("ec2", code="RequestExpired", status=400, message="Request has expired."),
    FaultRule("s3", code="ExpiredToken", status=400, message="The provided token has expired."),
    FaultRule("ssm", code="ExpiredTokenException", status=400, message=_EXPIRED),
    FaultRule(code="ExpiredToken", status=403, message=_EXPIRED),
)
"""What an expired session gets: each service has a word of its own for it."""

THROTTLED = (
    FaultRule(
        "ec2",
        code="RequestLimitExceeded",
        status=503,
        message="Request limit exceeded.",
        share=THROTTLED_SHARE,
    ),
    FaultRule(
        "cloudwatch",
        code="Throttling",
        status=400,
        message="Rate exceeded",
        share=THROTTLED_SHARE,
    ),
)


def full(region: str) -> FaultRule:
    """Return what RunInstances answers where there is no room left.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    return FaultRule(
        "ec2",
        "RunInstances",
        region,
        code="InsufficientInstanceCapacity",
        status=500,
        message="We currently do not have sufficient t3.medium capacity in the Availability Zone "
        f"you requested ({region}a). Our system will be working on provisioning additional "
        "capacity.",
    )


def lost(region: str) -> FaultRule:
    """Return how every call to a region ends that cannot be reached."""
    return FaultRule(region=region)


def _no_capacity(stage: Stage) -> str:
    require_rest(stage, [stage.region])
    root = copy_root(stage, "no-capacity", max_retries=_RETRIES)
    settings = write_settings(stage, "no-capacity", root=root)
    put_trouble(stage.layout.faults, "no-capacity", Trouble((full(stage.region),)))
    options = ("--release", "0.9.1-no-capacity", "--regions", stage.region, "--refresh")
    with rolling_out(stage, settings, *options) as rollout:
        rollout.ends_with(ExitCode.NEEDS_PERSON)
    return (
        f"EC2 starts no instance in {stage.region}; the rollout of 0.9.1-no-capacity has halted, "
        f"with {stage.all_slots} there marked for replacement, and at work as before"
    )


def _throttled(stage: Stage) -> str:
    put_trouble(stage.layout.faults, "throttled", Trouble(THROTTLED))
    share = f"{THROTTLED_SHARE:.0%}"
    return f"{share} of the calls to EC2 and CloudWatch are refused, everywhere, until `calm`"


def _expired_credentials(stage: Stage) -> str:
    require_rest(stage, [stage.region])
    root = copy_root(stage, "expired-credentials", max_retries=_RETRIES)
    settings = write_settings(stage, "expired-credentials", root=root)
    calls = stage.layout.access_log.stat().st_size
    options = ("--release", "0.9.1-expired-credentials", "--regions", stage.region, "--refresh")
    with rolling_out(stage, settings, *options) as rollout:
        rollout.wait_for(
            lambda _: instances_started(stage, calls) >= stage.slots, "all instances were started"
        )
        put_trouble(stage.layout.faults, "expired-credentials", Trouble(EXPIRED))
        stage.say("the credentials have expired, in the middle of the apply")
        rollout.ends_with(ExitCode.NEEDS_PERSON)
    return (
        f"a new instance for {stage.all_slots} of {stage.region} runs that no state in S3 knows; "
        "Terraform could neither save its state, which is in errored.tfstate, nor free its lock"
    )


def instances_started(stage: Stage, since: int) -> int:
    """Count the instances that the operator has started in the region, by the access log."""
    return sum(
        call["action"] == "RunInstances"
        and call["status"] < 400
        and call["region"] == stage.region
        and call["access_key"] == OPERATOR_KEY
        for call in calls_in(stage.layout.access_log, since)
    )


def _lost_region(stage: Stage) -> str:
    put_trouble(stage.layout.faults, "lost-region", Trouble((lost(stage.region),)))
    return (
        f"nobody answers the operator in {stage.region}, until `calm`; its workers go on, and "
        "nobody can see it"
    )


def _poison_jobs(stage: Stage) -> str:
    before = books.dead if (books := read_books(stage.world.directory)) else 0
    put_trouble(stage.layout.faults, "poison-jobs", Trouble(poison_share=POISON_SHARE))
    stage.say("bad jobs are sent; each is tried three times before it is a dead letter")

    def dead_letters() -> int:
        books = read_books(stage.world.directory)
        return books.dead - before if books else 0

    count = wait_until(dead_letters, _DEAD_LETTER_SECONDS, "the first dead letter")
    return (
        f"{POISON_SHARE:.0%} of the jobs fail on whatever release takes them, in every region, "
        f"until `calm`; {count} of them are dead letters already"
    )


NO_CAPACITY = Scenario(
    "no-capacity",
    "EC2 has no room for new instances in a region",
    "InsufficientInstanceCapacity as the reason, tainted slots in {region} with nothing deposed, "
    "and no new instance",
    f"{_CALM}; release-console recover untaint --region {{region}} --config {{config}}",
    _no_capacity,
)

THROTTLED_CALLS = Scenario(
    "throttled",
    "EC2 and CloudWatch refuse a share of all calls",
    "a rollout that takes longer and completes: SDK and Terraform try again; a look that failed "
    "is told as such, and is never a pass",
    _ROLL_OUT,
    _throttled,
)

EXPIRED_CREDENTIALS = Scenario(
    "expired-credentials",
    "the credentials expire in the middle of an apply",
    "an expired token as the reason, a state that Terraform could not save (errored.tfstate), "
    "and, once the credentials are back, a lock in {region} whose holder has ended",
    f"{_CALM}; release-console recover push-state --region {{region}} --config {{config}}",
    _expired_credentials,
)

LOST_REGION = Scenario(
    "lost-region",
    "a region cannot be reached",
    "{region} told as unknown, never as healthy; a rollout is refused before it changes anything, "
    "and one of the other regions goes through",
    _ROLL_OUT,
    _lost_region,
)

POISON_JOBS = Scenario(
    "poison-jobs",
    "a share of the jobs fails on every release",
    "dead letters and failures that were there before any new release: a rollout halts at a gate, "
    "and going back to the old release would not help",
    _ROLL_OUT,
    _poison_jobs,
)
