"""What are the instances of a new sandbox to be: containers or processes?

Containers are the real thing: image, registry, pull by digest, limits. They need a Docker Engine on
this machine and a registry's program; processes need nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.adapters.docker.engine import find_engine
from console.domain.failure import Failure
from console.errors import RefusedError
from console.sandbox.errors import SandboxError
from console.sandbox.layout import Layout
from console.sandbox.spec import AUTO, CONTAINERS, PROCESSES, WorldSpec

Say = Callable[[str], None]


def lodge(spec: WorldSpec, say: Say) -> WorldSpec:
    """Settle what instances are; blocks for a few seconds where an engine answers.

    Args:
        spec: its `instances` may be `AUTO`: containers where they work, else processes.
        say: hears what they are, and why.

    Returns:
        The same with `PROCESSES`, or with `CONTAINERS` and all that they need.

    Raises:
        RefusedError: they were to be containers, and that does not work here.
    """
    if spec.instances == PROCESSES:
        return spec
    try:
        return _in_containers(spec, say)
    except RefusedError as error:
        if spec.instances != AUTO:
            raise
        say(f"instances are processes: {error.message}")
        return replace(spec, instances=PROCESSES, instances_why=error.message)


def lodgings(config: Path) -> str | None:
    """Return what the instances are of the sandbox that wrote `config`; None if none that runs did.

    A copy of its settings beside them counts too.
    """
    directory = config.absolute().parent
    if not Layout(directory).world.exists():
        return None
    # Its packages are an extra, which nobody needs who has a fleet.
    from console.sandbox.control import load

    world = load(directory)
    if world is None:
        return None
    why = world.spec.instances_why
    if world.spec.instances == CONTAINERS:
        return f"containers of {why}" if why else "containers"
    return f"processes, because {why}" if why else "processes"


def _in_containers(spec: WorldSpec, say: Say) -> WorldSpec:
    engine = find_engine()
    if isinstance(engine, Failure):
        raise RefusedError(engine.message, engine.hint)
    try:
        # Docker's client: only where there is an engine.
        from console.sandbox.containers.fitness import prepare

        base = prepare(engine.place.url, spec.directory)
    except SandboxError as error:
        raise RefusedError(error.message.rstrip("."), error.hint) from error
    say(f"instances are containers of {engine.name}, built on {base}")
    return replace(
        spec,
        instances=CONTAINERS,
        instances_why=engine.name,
        engine=engine.place.url,
        base_image=base,
    )
