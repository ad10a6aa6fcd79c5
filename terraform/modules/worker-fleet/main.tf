locals {
  # docker wants the registry's host apart; a first path element is a host only if it looks like one,
  # and "team/image" means Docker Hub (https://docs.docker.com/reference/cli/docker/image/tag/).
  registry_hosts = [
    for slot in var.slots :
    can(regex("^(localhost|[^/]*[.:][^/]*)/", slot.image)) ? split("/", slot.image)[0] : "docker.io"
  ]

  # The one value serves every region where these carry the placeholder.
  alarm_topics = [for arn in var.alarm.sns_topic_arns : replace(arn, "{region}", var.region)]
  bastion = var.ssh.bastion == null ? null : {
    host     = replace(var.ssh.bastion.host, "{region}", var.region)
    port     = var.ssh.bastion.port
    user     = replace(var.ssh.bastion.user, "{region}", var.region)
    host_key = var.ssh.bastion.host_key
  }
}

resource "aws_instance" "worker" {
  count = length(var.slots)

  ami                         = var.ami_id
  instance_type               = var.instance_type
  subnet_id                   = length(var.subnet_ids) == 0 ? null : element(var.subnet_ids, count.index)
  vpc_security_group_ids      = length(var.security_group_ids) == 0 ? null : var.security_group_ids
  iam_instance_profile        = var.instance_profile
  key_name                    = one(aws_key_pair.operator[*].key_name)
  user_data_replace_on_change = true

  # Plain text and nothing secret: whoever may describe the instance may read it. In base64, because
  # the provider shows user_data in a plan only as its hash, and whoever checks a plan wants to see
  # which image it starts.
  user_data_base64 = base64encode(templatefile("${path.module}/cloud-config.yaml.tftpl", {
    region             = var.region
    fleet              = var.fleet
    release            = var.slots[count.index].release
    image              = var.slots[count.index].image
    digest             = split("@", var.slots[count.index].image)[1]
    work_queue_url     = var.work_queue_url
    results_queue_url  = var.results_queue_url
    workers            = var.workers
    heartbeat          = var.heartbeat
    registry           = var.registry
    registry_host      = local.registry_hosts[count.index]
    metrics_port       = var.metrics_port
    stop_grace_seconds = var.stop_grace_seconds
  }))

  metadata_options {
    http_tokens = "required"
    # One hop more than the default: the worker asks for its credentials from inside a container.
    http_put_response_hop_limit = 2
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
    volume_size = var.root_volume_gib
  }

  tags = {
    Name    = "${var.fleet}-${count.index}"
    Fleet   = var.fleet
    Env     = var.environment
    Slot    = tostring(count.index)
    Version = var.slots[count.index].release
    Image   = var.slots[count.index].image
  }

  # Both provisioners sit on the instance on purpose. Under create_before_destroy the old object goes only
  # after the new one's provisioners have ended well, and a failure leaves the new one tainted. On a
  # terraform_data beside it a failure would leave the new instance looking healthy, and a run with
  # -target would skip the check. Provisioners are not part of a plan: changing them changes nothing.
  #
  # Terraform cannot make a provisioner conditional; without_ssh_override.tf.example takes this one away.
  provisioner "remote-exec" {
    connection {
      type        = "ssh"
      host        = self.private_ip
      port        = var.ssh.port
      user        = var.ssh.user
      private_key = var.ssh.private_key_file == null ? null : file(pathexpand(var.ssh.private_key_file))
      agent       = var.ssh.private_key_file == null
      timeout     = "${var.readiness.launcher_within_seconds}s"

      bastion_host        = try(local.bastion.host, null)
      bastion_port        = try(local.bastion.port, null)
      bastion_user        = try(local.bastion.user, null)
      bastion_host_key    = try(local.bastion.host_key, null)
      bastion_private_key = local.bastion == null || var.ssh.private_key_file == null ? null : file(pathexpand(var.ssh.private_key_file))
    }

    inline = [templatefile("${path.module}/await-launcher.sh.tftpl", {
      launcher = var.readiness.launcher
      seconds  = var.readiness.launcher_within_seconds
    })]
  }

  provisioner "local-exec" {
    command = var.readiness.await_command == "" ? ":" : join(" ", [
      var.readiness.await_command,
      "--region", var.region,
      "--instance", self.id,
      "--release", var.slots[count.index].release,
      "--digest", split("@", var.slots[count.index].image)[1],
      "--completions", var.readiness.completions,
      "--within", "${var.readiness.within_seconds}s",
    ])
  }

  lifecycle {
    create_before_destroy = true
    # A newer AMI must not replace running workers by surprise; an instance made for another reason takes it.
    ignore_changes = [ami]
  }
}

resource "aws_key_pair" "operator" {
  count = var.ssh.public_key == null ? 0 : 1

  # A prefix, because the new pair exists beside the old one while instances move over.
  key_name_prefix = "${var.fleet}-"
  public_key      = var.ssh.public_key
}

# "Nothing happens": no job was finished by anybody in this region. Every worker publishes under its own
# InstanceId and Release, so no ready-made sum exists. CloudWatch refuses SEARCH in alarms and takes at
# most ten named metrics; a Metrics Insights query follows the fleet through every release.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
resource "aws_cloudwatch_metric_alarm" "nothing_happens" {
  count = var.alarm.enabled && length(var.slots) > 0 ? 1 : 0

  alarm_name          = "${var.fleet}-nothing-happens-${var.region}"
  alarm_description   = "The workers of ${var.fleet} in ${var.region} finished fewer than ${var.alarm.minimum_runs} jobs in ${var.alarm.period_seconds} s, ${var.alarm.evaluation_periods} times in a row, or say nothing at all."
  comparison_operator = "LessThanThreshold"
  threshold           = var.alarm.minimum_runs
  evaluation_periods  = var.alarm.evaluation_periods
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_topics
  ok_actions          = local.alarm_topics

  metric_query {
    id          = "runs"
    label       = "jobs finished"
    expression  = "SELECT SUM(runs) FROM SCHEMA(\"${var.heartbeat.namespace}\", Fleet, InstanceId, Release) WHERE Fleet = '${var.fleet}'"
    period      = var.alarm.period_seconds
    return_data = true
  }
}
