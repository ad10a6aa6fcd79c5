"""Where does a world keep what? Every path below its directory D has its name here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one world."""

    directory: Path
    """D, absolute."""

    @property
    def world(self) -> Path:
        """Process, endpoints and ports of the running world; absent when none runs."""
        return self.directory / "world.json"

    @property
    def spec(self) -> Path:
        """What the world was asked to be."""
        return self.directory / "spec.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.directory / "world.lock"

    @property
    def log(self) -> Path:
        """What the supervisor and the endpoints have to say."""
        return self.directory / "world.log"

    @property
    def access_log(self) -> Path:
        """One JSON line for each request to AWS."""
        return self.directory / "access.log"

    @property
    def faults(self) -> Path:
        """Which calls fail and which jobs are bad; absent when all is well."""
        return self.directory / "faults.json"

    @property
    def books(self) -> Path:
        """The state of all jobs, rewritten each second."""
        return self.directory / "books.json"

    @property
    def shell(self) -> Path:
        """Exports for an operator's shell."""
        return self.directory / "env"

    @property
    def config(self) -> Path:
        """The console's settings for this world."""
        return self.directory / "config.yaml"

    @property
    def images(self) -> Path:
        """The image store."""
        return self.directory / "images"

    @property
    def registry(self) -> Path:
        """The image registry's settings and blobs, where instances are containers."""
        return self.directory / "registry"

    @property
    def registry_address(self) -> Path:
        """The registry's host and port, for as long as something may be in the engine."""
        return self.directory / "registry.address"

    @property
    def store(self) -> Path:
        """The console's journal."""
        return self.directory / "store"

    @property
    def instances(self) -> Path:
        """A directory for each instance."""
        return self.directory / "instances"

    @property
    def targets(self) -> Path:
        """What a Prometheus is to scrape: a file for each instance, as its file_sd reads them."""
        return self.directory / "targets"

    @property
    def tools(self) -> Path:
        """`ps` and `pgrep` as an instance has them."""
        return self.directory / "bin"

    @property
    def operator_key(self) -> Path:
        """The private SSH key that opens the bastion and every instance."""
        return self.directory / "ssh" / "id_ed25519"

    @property
    def host_key(self) -> Path:
        """The private SSH host key of the bastion and of every instance."""
        return self.directory / "ssh" / "host_ed25519"

    def context(self, scenario: str) -> Path:
        """The build context of a scenario's release."""
        return self.directory / "contexts" / scenario

    def scenario(self, scenario: str) -> Path:
        """The console's settings for a scenario."""
        return self.directory / f"scenario-{scenario}.yaml"

    def instance(self, identity: str) -> Path:
        """One instance's directory."""
        return self.instances / identity

    def console_log(self, identity: str) -> Path:
        """What an instance printed on its console."""
        return self.instance(identity) / "console.log"
