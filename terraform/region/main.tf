# Applied at every release, with one state per region. The workers' addresses are
# module.workers.aws_instance.worker[slot].
module "workers" {
  source = "../modules/worker-fleet"

  region             = var.region
  fleet              = var.fleet
  environment        = var.environment
  slots              = var.slots
  work_queue_url     = var.work_queue_url
  results_queue_url  = var.results_queue_url
  ami_id             = coalesce(var.ami_id, one(data.aws_ssm_parameter.ami[*].insecure_value))
  instance_type      = var.instance_type
  root_volume_gib    = var.root_volume_gib
  subnet_ids         = var.subnet_ids
  security_group_ids = var.security_group_ids
  instance_profile   = var.instance_profile
  ssh                = var.ssh
  registry           = var.registry
  workers            = var.workers
  heartbeat          = var.heartbeat
  readiness          = var.readiness
  metrics_port       = var.metrics_port
  stop_grace_seconds = var.stop_grace_seconds
  alarm              = var.alarm
}

data "aws_ssm_parameter" "ami" {
  count = var.ami_id == null ? 1 : 0

  name = var.ami_parameter
}
