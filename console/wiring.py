"""Which parts does a command run on?

The one place that knows every adapter. Commands ask it for a `World` and see only ports.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from console.adapters.aws.fleet import AwsFleet, FleetSpec
from console.adapters.aws.hands import ALLOWED, AwsHands
from console.adapters.aws.queues import QueueNames, Queues
from console.adapters.aws.session import AwsSession
from console.adapters.docker.images import DockerImages
from console.adapters.ssh import SshDrain, Way
from console.adapters.terraform.absent import AbsentRunner
from console.adapters.terraform.client import TerraformClient
from console.adapters.terraform.runner import Runner
from console.domain.evolve import replay
from console.domain.fleet import RegionName
from console.domain.outcome import Outcome
from console.domain.policy import Policy
from console.domain.rollout import Rollout
from console.domain.scaling import Scale, standing
from console.engine.clock import SystemClock as SystemClock
from console.engine.figuring import Figurer
from console.engine.past import past
from console.engine.performer import WorldPerformer
from console.engine.ports import HeartbeatSource, Images
from console.engine.probing import Probing
from console.engine.remedies import Remedies
from console.engine.stream import Stream
from console.engine.surveying import Surveyor
from console.heartbeat_sources import heartbeat_deadline, heartbeat_source
from console.identity import operator as operator
from console.journal.figures import FiguresFile
from console.journal.incidents import IncidentFiles
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from console.settings import Settings, load, settings_path, to_policy
from console.settings.image import Builder
from console.settings.probe_rules import asks_outside
from console.specs import image_spec, terraform_spec

if TYPE_CHECKING:
    from console.adapters.notify import AppriseNotifications
    from console.probe_wiring import Outside


@dataclass(frozen=True)
class Running:
    """What a rollout runs on."""

    performer: WorldPerformer
    stream: Stream


@dataclass(frozen=True)
class World:
    """A fleet's settings and everything that they name."""

    settings: Settings
    policy: Policy
    config: Path
    may_run_terraform: bool = True

    @cached_property
    def journal(self) -> LocalJournal:
        """The fleet's journal."""
        return LocalJournal(self.settings.store, self.settings.fleet)

    @cached_property
    def figures(self) -> FiguresFile:
        """The samples that are kept beside the journal."""
        return FiguresFile(self.settings.store)

    @cached_property
    def standing(self) -> Policy:
        """The rules, with the number of slots that each region was given last.

        Raises:
            JournalError: the journal cannot be read.
        """
        scales: dict[RegionName, Scale] = {}
        for name in self.journal.scales():
            scaled = replay(self.journal.read(name))
            if scaled is not None and scaled.outcome is Outcome.COMPLETED and scaled.request.scale:
                scales.setdefault(scaled.request.scale.region, scaled.request.scale)
        return standing(self.policy, scales)

    @cached_property
    def desk(self) -> LeaseDesk:
        """Gives out the fleet's lease."""
        return LeaseDesk(self.journal)

    @cached_property
    def session(self) -> AwsSession:
        """AWS, read only: whatever the console changes, it changes through Terraform."""
        return AwsSession(profile=self.settings.aws.profile)

    @cached_property
    def queues(self) -> Queues:
        """The regions' queues."""
        names = self.settings.queues
        return Queues(self.session, QueueNames(names.work, names.results, names.dead_letter))

    @cached_property
    def fleet(self) -> AwsFleet:
        """AWS, region by region."""
        settings = self.settings
        spec = FleetSpec(
            fleet=settings.fleet,
            home=RegionName(next(iter(settings.regions))),
            ami_parameter=settings.terraform.ami_parameter,
            heartbeat_deadline=heartbeat_deadline(settings),
        )
        return AwsFleet(spec, self.session, self.queues, self.heartbeats)

    @cached_property
    def heartbeats(self) -> HeartbeatSource:
        """Where heartbeats are read."""
        return heartbeat_source(self.settings, self.session)

    @cached_property
    def notifications(self) -> AppriseNotifications:
        """Who is told of what."""
        from console.adapters.notify import AppriseNotifications, NotifyAddress

        return AppriseNotifications(
            [NotifyAddress(each.url, frozenset(each.on)) for each in self.settings.notify]
        )

    @cached_property
    def incidents(self) -> IncidentFiles:
        """Regions in which nothing happens, as the fleet's consoles have noted them."""
        return IncidentFiles(self.settings.store, self.settings.fleet)

    @cached_property
    def runner(self) -> Runner:
        """Runs Terraform."""
        environment = {**os.environ, "RELEASE_CONSOLE_CONFIG": str(self.config.absolute())}
        kind = Runner if self.may_run_terraform else AbsentRunner
        return kind(self.settings.tool_logs, environment=environment)

    @cached_property
    def infrastructure(self) -> TerraformClient:
        """Terraform, unit by unit."""
        return TerraformClient(
            terraform_spec(self.settings, self.policy),
            self.runner,
            self.session,
            self.queues.urls,
        )

    @cached_property
    def write_session(self) -> AwsSession:
        """The one session that may change something: it terminates what is in no state."""
        return AwsSession(profile=self.settings.aws.profile, allowed=ALLOWED)

    @cached_property
    def hands(self) -> AwsHands:
        """Terminates instances of the fleet that are in no state."""
        return AwsHands(self.settings.fleet, self.write_session)

    @cached_property
    def drain(self) -> SshDrain | None:
        """Has workers finish their jobs by a command; None where only the stop signal does."""
        wanted = self.settings.drain
        if not wanted.command:
            return None
        return SshDrain(Way.of(self.settings.terraform.variables), wanted.command, wanted.within)

    @cached_property
    def surveyor(self) -> Surveyor:
        """Looks at regions for their recovery."""
        return Surveyor(
            self.infrastructure,
            self.fleet,
            self.standing,
            SystemClock(),
            boot_allowance=self.settings.readiness.within,
            past=self.past,
        )

    @cached_property
    def images(self) -> Images:
        """Where releases come from."""
        image = self.settings.image
        if image.builder is Builder.DIRECTORY and image.directory is not None:
            from console.sandbox.directory_images import DirectoryImages

            return DirectoryImages(image.directory, image.repository, image.context, image.test)
        return DockerImages(image_spec(self.settings, self.policy))

    @asynccontextmanager
    async def running(self, rollout: str) -> AsyncIterator[Running]:
        """Provide what a rollout runs on, and a directory for its plans that does not outlive it.

        Args:
            rollout: its id.
        """
        all_plans = self.settings.store / "plans" / rollout
        # What an earlier console left there is void, and may hold secrets. One that lives, and was
        # taken over a moment ago, cannot begin to apply it any more.
        shutil.rmtree(all_plans, ignore_errors=True)
        all_plans.mkdir(parents=True, mode=0o700)
        plans = all_plans / secrets.token_hex(4)
        plans.mkdir(mode=0o700)
        stream = Stream()
        outside = self._outside()
        probing = Probing(outside.probes() if outside else (), SystemClock())
        performer = WorldPerformer(
            self.infrastructure,
            self.fleet,
            self.images,
            stream,
            plans,
            Remedies(self.infrastructure, self.hands, self.surveyor, stream.progress, plans),
            self.past,
            drain=self.drain,
            alarms=outside.alarms if outside else None,
            probing=probing,
        )
        figurer = Figurer(
            *(self.figures.keep, performer.look, stream, SystemClock()),
            self.settings.heartbeat.window,
        )
        try:
            async with figurer.figuring():
                yield Running(performer, stream)
        finally:
            await probing.close()
            if outside is not None:
                outside.close()
            shutil.rmtree(plans, ignore_errors=True)
            with contextlib.suppress(OSError):
                all_plans.rmdir()  # unless whoever took over has plans there
            self.session.close()
            self.write_session.close()

    def _outside(self) -> Outside | None:
        """Return what gates ask outside; None, and nothing imported, where they ask nothing."""
        if not asks_outside(self.settings):
            return None
        from console.probe_wiring import Outside

        return Outside(self.settings)

    def newest_rollout(self) -> Rollout | None:
        """Return the fleet's last rollout, or None where there was none."""
        newest = next(iter(self.journal.rollouts()), None)
        return replay(self.journal.read(newest)) if newest else None

    def last_acted(self) -> Rollout | None:
        """Return the last rollout that did anything: a refused one explains no region."""
        return next(self.past(), None)

    def past(self) -> Iterator[Rollout]:
        """Return the rollouts that did anything, the newest first."""
        return past(self.journal.rollouts, self.journal.read)


def wire(
    config: Path | None,
    *,
    only: Sequence[RegionName] | None = None,
    may_run_terraform: bool = True,
) -> World:
    """Read the settings and put a world together; nothing is asked of AWS yet.

    Args:
        config: the settings file; None for the default.
        only: regions to roll out to; None for all.
        may_run_terraform: False for a watch, which starts nothing.

    Raises:
        SettingsError: something in the file is wrong.
        UsageError: `only` names a region that there is not.
    """
    path = config or settings_path(os.environ)
    settings = load(path)
    # For boto3, for Terraform and for what Terraform starts: all of them read the environment.
    os.environ.update(settings.aws.environment)
    _log_to(settings.store / "console.log")
    if settings.aws.profile:
        os.environ["AWS_PROFILE"] = settings.aws.profile
    return World(settings, to_policy(settings, regions=only), path, may_run_terraform)


def _log_to(path: Path) -> None:
    """Send what is logged to a file of the store: stderr is for the narration."""
    log = logging.getLogger("console")
    if not log.handlers:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        log.addHandler(handler)
        log.propagate = False
        # A disk that is full must not fill the screen with the logger's own complaints.
        logging.raiseExceptions = False
