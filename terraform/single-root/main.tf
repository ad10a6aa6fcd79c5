# The classic layout: one state and one module block per region. The workers' addresses are
# module.workers-<region>.aws_instance.worker[slot]. Terraform wants providers and module blocks spelled out,
# so another region is another block here, another alias in versions.tf and its name in variables.tf and outputs.tf.

module "workers-us-east-1" {
  source    = "../modules/worker-fleet"
  providers = { aws = aws.us-east-1 }

  region             = "us-east-1"
  fleet              = var.fleet
  environment        = var.environment
  slots              = var.slots["us-east-1"]
  work_queue_url     = var.work_queue_urls["us-east-1"]
  results_queue_url  = var.results_queue_urls["us-east-1"]
  ami_id             = try(var.ami_ids["us-east-1"], data.aws_ssm_parameter.ami-us-east-1[0].insecure_value)
  instance_type      = var.instance_type
  root_volume_gib    = var.root_volume_gib
  subnet_ids         = lookup(var.subnet_ids, "us-east-1", [])
  security_group_ids = lookup(var.security_group_ids, "us-east-1", [])
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

data "aws_ssm_parameter" "ami-us-east-1" {
  provider = aws.us-east-1
  count    = contains(keys(var.ami_ids), "us-east-1") ? 0 : 1

  name = var.ami_parameter
}

module "workers-us-west-1" {
  source    = "../modules/worker-fleet"
  providers = { aws = aws.us-west-1 }

  region             = "us-west-1"
  fleet              = var.fleet
  environment        = var.environment
  slots              = var.slots["us-west-1"]
  work_queue_url     = var.work_queue_urls["us-west-1"]
  results_queue_url  = var.results_queue_urls["us-west-1"]
  ami_id             = try(var.ami_ids["us-west-1"], data.aws_ssm_parameter.ami-us-west-1[0].insecure_value)
  instance_type      = var.instance_type
  root_volume_gib    = var.root_volume_gib
  subnet_ids         = lookup(var.subnet_ids, "us-west-1", [])
  security_group_ids = lookup(var.security_group_ids, "us-west-1", [])
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

data "aws_ssm_parameter" "ami-us-west-1" {
  provider = aws.us-west-1
  count    = contains(keys(var.ami_ids), "us-west-1") ? 0 : 1

  name = var.ami_parameter
}

module "workers-eu-west-1" {
  source    = "../modules/worker-fleet"
  providers = { aws = aws.eu-west-1 }

  region             = "eu-west-1"
  fleet              = var.fleet
  environment        = var.environment
  slots              = var.slots["eu-west-1"]
  work_queue_url     = var.work_queue_urls["eu-west-1"]
  results_queue_url  = var.results_queue_urls["eu-west-1"]
  ami_id             = try(var.ami_ids["eu-west-1"], data.aws_ssm_parameter.ami-eu-west-1[0].insecure_value)
  instance_type      = var.instance_type
  root_volume_gib    = var.root_volume_gib
  subnet_ids         = lookup(var.subnet_ids, "eu-west-1", [])
  security_group_ids = lookup(var.security_group_ids, "eu-west-1", [])
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

data "aws_ssm_parameter" "ami-eu-west-1" {
  provider = aws.eu-west-1
  count    = contains(keys(var.ami_ids), "eu-west-1") ? 0 : 1

  name = var.ami_parameter
}
