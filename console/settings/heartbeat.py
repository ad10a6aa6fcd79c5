"""How does an instance prove that it works, and who is asked for the proof?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from console.settings.fields import Section, Span, Text, VariableName

_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_good = is_good and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or any(sign.isspace() for sign in text):
        raise ValueError("no address; write one such as https://prometheus.example.com")
    if text.rstrip("/").endswith("/api/v1"):
        raise ValueError("an address with /api/v1, which is added to it; leave that out")
    return text


def _metric(text: str) -> str:
    if not _METRIC.fullmatch(text):
        raise ValueError("no name of a metric; use letters, digits, '_' and ':'")
    return text


Address = Annotated[str, AfterValidator(_address)]
Metric = Annotated[str, AfterValidator(_metric)]


class HeartbeatSource(StrEnum):
    """Where heartbeats are read."""

    CLOUDWATCH = "cloudwatch"
    PROMETHEUS = "prometheus"
    APPOPTICS = "appoptics"
    COMMAND = "command"


class HeartbeatValue(StrEnum):
    """What the time of a heartbeat in Prometheus is."""

    TIME = "time"
    SAMPLE = "sample"


class PrometheusLabels(Section):
    """What the labels of the series are called."""

    instance: VariableName = "instance_id"
    """Holds the EC2 instance's id, i-...; not Prometheus's own `instance`, which is host and
    port."""
    release: VariableName = "release"
    """Holds the release's label."""
    digest: VariableName = "digest"
    """Holds the image's digest; the series need not have it."""


class Prometheus(Section):
    """A Prometheus server, or what speaks its HTTP API."""

    url: Address = Field(examples=["https://prometheus.example.com"], repr=False)
    """Its address, without /api/v1; {region} stands for the region's name."""
    token: Text | None = Field(default=None, examples=["${PROMETHEUS_TOKEN}"], repr=False)
    """Bearer token. A user and a password stand in the address instead."""
    heartbeat: Metric = "worker_heartbeat_timestamp_seconds"
    """A gauge of each instance, one for each release that it runs."""
    value: HeartbeatValue = HeartbeatValue.TIME
    """What the time of a heartbeat is. time: the gauge's value, in seconds since 1970; sample: when
    the gauge was scraped, for a metric that is there as long as the worker works."""
    runs: Metric = "worker_runs_total"
    """Counter of the jobs that an instance ran, failed ones included."""
    failures: Metric = "worker_failures_total"
    """Counter of those that failed."""
    labels: PrometheusLabels = PrometheusLabels()
    """What the labels of the series are called."""
    match: Mapping[VariableName, str] = Field(
        default_factory=lambda: {"fleet": "{fleet}", "region": "{region}"},
        examples=[{"fleet": "{fleet}", "region": "{region}"}],
    )
    """Labels that the series must have; {fleet} and {region} stand for the names."""
    timeout: Span = timedelta(seconds=5)
    """Time that it has for all that is asked of one region."""


class AppOpticsTags(Section):
    """What the tags of the measurements are called."""

    instance: Text = "instance"
    """Holds the EC2 instance's id, i-..."""
    release: Text = "release"
    """Holds the release's label."""
    digest: Text = "digest"
    """Holds the image's digest; the measurements need not have it."""


class AppOptics(Section):
    """AppOptics, or what speaks its measurements API."""

    url: Address = Field(default="https://api.appoptics.com/v1", repr=False)
    """The API's root; {region} stands for the region's name."""
    token: Text = Field(examples=["${APPOPTICS_TOKEN}"], repr=False)
    """API token, sent as the user of basic authentication."""
    heartbeat: Text = "worker.heartbeat"
    """Metric of the heartbeats: 1 each."""
    runs: Text = "worker.runs"
    """Metric of the jobs that an instance ran since the measurement before."""
    failures: Text = "worker.failures"
    """Metric of those that failed."""
    tags: AppOpticsTags = AppOpticsTags()
    """What the tags of the measurements are called."""
    match: Mapping[Text, str] = Field(
        default_factory=lambda: {"region": "{region}"}, examples=[{"region": "{region}"}]
    )
    """Tags that the measurements must have; {fleet} and {region} stand for the names."""
    resolution: Span = timedelta(seconds=10)
    """Stretch of time that one measurement sums up."""
    timeout: Span = timedelta(seconds=5)
    """Time that it has for all that is asked of one region."""


class HeartbeatCommand(Section):
    """A command that prints heartbeats, a JSON object a line."""

    run: tuple[Text, ...] = Field(
        min_length=1, examples=[["./heartbeats.sh", "{region}", "{window}"]]
    )
    """The command and its arguments, run in the directory of this file. {region}, {fleet} and
    {window} (in seconds) stand for the values."""
    timeout: Span = timedelta(seconds=5)
    """Time that it has for one region."""


class Heartbeat(Section):
    """How an instance proves that it works."""

    source: HeartbeatSource = HeartbeatSource.CLOUDWATCH
    """Where heartbeats are read: cloudwatch, prometheus, appoptics or command. Each but the first
    has a section of its name here."""
    namespace: Text = "release-console"
    """CloudWatch namespace that the workers publish to."""
    interval: Span = timedelta(seconds=10)
    """Time between two heartbeats of a worker; at least 1s, CloudWatch's finest resolution."""
    silent_after: Span = timedelta(seconds=60)
    """An instance without a heartbeat for this long is silent; at least twice the interval."""
    window: Span = timedelta(minutes=15)
    """How far back heartbeats and finished jobs are looked for; at least silent_after."""
    delay: Span = timedelta(seconds=5)
    """Time until a heartbeat can be read, such as the interval at which Prometheus scrapes; with
    twice the interval it has to be less than silent_after. CloudWatch's own is known."""
    prometheus: Prometheus | None = None
    """The Prometheus server to ask."""
    appoptics: AppOptics | None = None
    """The measurements API to ask."""
    command: HeartbeatCommand | None = None
    """The command to run."""
