"""Three real workers, and the plans that the chosen tests ask for, several at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from moto.server import ThreadedMotoServer

from console.adapters.terraform.binary import find_binary
from console.adapters.terraform.plugins import find_plugin_dir
from console.domain.fleet import RegionState
from console.domain.plan import Plan

from .fleet import Made, RealFleet

# A plan is all CPU, an apply waits for the provider most of the time.
_AT_ONCE = 3


@dataclass(frozen=True)
class Plans:
    """The plans of a module, each made once."""

    fleet: RealFleet
    pool: ThreadPoolExecutor
    made: dict[str, Future[tuple[Plan, RegionState]]]

    def start(self, made: Made) -> Future[tuple[Plan, RegionState]]:
        """Begin to make a plan, unless that was begun before."""
        key = repr(made)
        if key not in self.made:
            self.made[key] = self.pool.submit(self.fleet.plan, made)
        return self.made[key]

    def of(self, made: Made) -> tuple[Plan, RegionState]:
        """Return a plan and the state that it was made from."""
        return self.start(made).result()


@pytest.fixture(scope="module")
def plans(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plans]:
    """Real plans; making those of all chosen rows begins at once."""
    binary = find_binary()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="terraform")
    try:
        fleet = RealFleet(tmp_path_factory.mktemp("fleet"), binary, f"http://{host}:{port}")
        fleet.initialise(find_plugin_dir())
        plans = Plans(fleet, pool, {})
        for item in request.session.items:
            row = item.callspec.params.get("row") if hasattr(item, "callspec") else None
            if isinstance(made := getattr(row, "made", None), Made):
                plans.start(made)
        yield plans
    finally:
        pool.shutdown(cancel_futures=True)
        server.stop()
