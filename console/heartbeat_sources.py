"""Which source of heartbeats do the settings name?

The one place that knows all of them. Whatever reads heartbeats asks the port and not the source.
Those that stand on `requests` are imported where they are chosen: no other start shall pay for it.
"""

from __future__ import annotations

from datetime import timedelta

from console.adapters.aws.metrics import Workers
from console.adapters.aws.session import AwsSession
from console.adapters.heartbeats.cloudwatch import CloudWatchHeartbeats
from console.engine.ports import HeartbeatSource
from console.settings import Settings
from console.settings.heartbeat import AppOptics, HeartbeatCommand, HeartbeatValue, Prometheus

# A source that keeps its own time is given a little more before it is given up.
_GRACE = timedelta(seconds=2)
_CLOUDWATCH_DEADLINE = timedelta(seconds=10)


def heartbeat_source(settings: Settings, session: AwsSession) -> HeartbeatSource:
    """Return where heartbeats are read; nothing is asked yet."""
    heartbeat = settings.heartbeat
    named = _named(settings)
    if named is None:
        workers = Workers(heartbeat.namespace, settings.fleet)
        return CloudWatchHeartbeats(session, workers, heartbeat.interval, heartbeat.window)
    match named:
        case Prometheus():
            return _prometheus(settings, named)
        case AppOptics():
            return _appoptics(settings, named)
        case HeartbeatCommand():
            return _command(settings, named)


def heartbeat_deadline(settings: Settings) -> timedelta:
    """Return how long a look at one region's heartbeats may take."""
    named = _named(settings)
    return _CLOUDWATCH_DEADLINE if named is None else named.timeout + _GRACE


def beat_age_allowed(settings: Settings) -> timedelta:
    """Return how old the newest beat of a living worker may look.

    Two intervals, as one may be missed, and the time until a beat can be read.
    """
    heartbeat = settings.heartbeat
    summed_up = heartbeat.appoptics.resolution if heartbeat.appoptics else timedelta(0)
    return 2 * heartbeat.interval + heartbeat.delay + summed_up


def _named(settings: Settings) -> Prometheus | AppOptics | HeartbeatCommand | None:
    """Return the section of the source; None for CloudWatch. The settings have just that one."""
    heartbeat = settings.heartbeat
    return heartbeat.prometheus or heartbeat.appoptics or heartbeat.command


def _prometheus(settings: Settings, named: Prometheus) -> HeartbeatSource:
    from console.adapters.heartbeats.http import Bearer, JsonApi
    from console.adapters.heartbeats.prometheus import Labels, PrometheusReports, PrometheusSpec
    from console.adapters.heartbeats.threaded import ThreadedHeartbeats

    spec = PrometheusSpec(
        url=named.url,
        fleet=settings.fleet,
        heartbeat=named.heartbeat,
        is_time=named.value is HeartbeatValue.TIME,
        runs=named.runs,
        failures=named.failures,
        labels=Labels(named.labels.instance, named.labels.release, named.labels.digest),
        match=named.match,
        interval=settings.heartbeat.interval,
        window=settings.heartbeat.window,
    )
    auth = None if named.token is None else Bearer(named.token)
    reports = PrometheusReports(spec, JsonApi("Prometheus", "heartbeat.prometheus", auth))
    return ThreadedHeartbeats("Prometheus", reports, settings.heartbeat.window, named.timeout)


def _appoptics(settings: Settings, named: AppOptics) -> HeartbeatSource:
    from console.adapters.heartbeats.appoptics import AppOpticsReports, AppOpticsSpec, Tags
    from console.adapters.heartbeats.http import JsonApi, basic
    from console.adapters.heartbeats.threaded import ThreadedHeartbeats

    spec = AppOpticsSpec(
        url=named.url,
        fleet=settings.fleet,
        heartbeat=named.heartbeat,
        runs=named.runs,
        failures=named.failures,
        tags=Tags(named.tags.instance, named.tags.release, named.tags.digest),
        match=named.match,
        resolution=named.resolution,
        window=settings.heartbeat.window,
    )
    api = JsonApi("the metrics API", "heartbeat.appoptics", basic(named.token))
    reports = AppOpticsReports(spec, api)
    return ThreadedHeartbeats("AppOptics", reports, settings.heartbeat.window, named.timeout)


def _command(settings: Settings, named: HeartbeatCommand) -> HeartbeatSource:
    from console.adapters.heartbeats.command import CommandReports, CommandSpec
    from console.adapters.heartbeats.threaded import ThreadedHeartbeats

    directory = settings.source.parent if settings.source else None
    window = settings.heartbeat.window
    reports = CommandReports(CommandSpec(named.run, settings.fleet, directory, window))
    return ThreadedHeartbeats("heartbeat.command", reports, window, named.timeout)
