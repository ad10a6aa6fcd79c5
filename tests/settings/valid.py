"""Which settings are valid, for tests to spoil?"""

VALID = """\
fleet: browser-check-worker
environment: prod
image:
  repository: registry.example.com/checks/launcher
  context: ../worker
  test: [npm, test]
terraform:
  root: terraform/region
  layout: per-region
  resource: module.workers.aws_instance.worker
  backend: {bucket: acme, key: "workers/{region}.tfstate", region: us-east-1}
  variables: {instance_type: t3.medium}
regions:
  us-east-1: {count: 1}
  us-west-1: {count: 3}
  eu-west-1: {count: 2}
rollout:
  waves: [[us-east-1], [us-west-1, eu-west-1]]
  max_parallel: 2
  batch: 100%
  bake: 5m
  on_failure: stop
queues: {work: checks, results: results, dead_letter: checks-dlq}
heartbeat: {source: cloudwatch, interval: 10s, silent_after: 60s}
readiness: {ssh: true, completions: 1, within: 5m}
gates:
  backlog: {per_worker: 100, oldest: 2m}
  failures: {max_ratio: 0.02}
notify: []
store: .release-console
"""
"""Valid settings; the tests count its lines."""
