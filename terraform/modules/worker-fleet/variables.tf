variable "region" {
  description = "AWS region that the module's provider works in. It takes the place of \"{region}\" in ssh.bastion and alarm.sns_topic_arns."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "fleet" {
  description = "Name of the fleet: the Fleet tag and heartbeat dimension, and the start of every instance's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.fleet))
    error_message = "fleet must be lower-case letters, digits and dashes, at most 63 of them."
  }
}

variable "environment" {
  description = "Environment that the fleet serves, such as prod: the Env tag."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", var.environment))
    error_message = "environment must be letters, digits, dashes and underscores, at most 63 of them."
  }
}

variable "slots" {
  description = "One entry for each instance: the release's label and its image by digest. Changing an entry replaces that instance only."
  type = list(object({
    release = string
    image   = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for slot in var.slots : can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", slot.release)) && slot.release != "latest"])
    error_message = "Each slot's release must be a label that is valid as an image tag (letters, digits, \"_\", \".\", \"-\"; at most 128) and not \"latest\", which names no release."
  }

  validation {
    condition     = alltrue([for slot in var.slots : can(regex("^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?@sha256:[0-9a-f]{64}$", slot.image))])
    error_message = "Each slot's image must be a full reference by digest, repository@sha256:<64 hex digits>: a tag may mean another image tomorrow."
  }

  validation {
    condition     = alltrue([for slot in var.slots : length(slot.image) <= 256])
    error_message = "Each slot's image must fit a tag's value, 256 characters."
  }
}

variable "work_queue_url" {
  description = "URL of the SQS queue that the workers take jobs from."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[A-Za-z0-9._:/-]+$", var.work_queue_url))
    error_message = "work_queue_url must be the URL of an SQS queue."
  }
}

variable "results_queue_url" {
  description = "URL of the SQS queue that the workers send results to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[A-Za-z0-9._:/-]+$", var.results_queue_url))
    error_message = "results_queue_url must be the URL of an SQS queue."
  }
}

variable "ami_id" {
  description = "AMI of new instances, an Amazon Linux 2023. Running instances keep theirs when it changes."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^ami-[0-9a-z]+$", var.ami_id))
    error_message = "ami_id must be the id of an AMI, ami-…"
  }
}

variable "instance_type" {
  description = "EC2 instance type."
  type        = string
  default     = "t3.medium"
  nullable    = false
}

variable "root_volume_gib" {
  description = "Size of the encrypted root volume in GiB; it holds the image and the containers."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.root_volume_gib >= 8 && var.root_volume_gib <= 16384
    error_message = "root_volume_gib must be from 8 to 16384."
  }
}

variable "subnet_ids" {
  description = "Subnets, used in turn by slot; empty means the default VPC. Each needs room for two instances per slot while a release is under way."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the instances; empty means the VPC's default group."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "instance_profile" {
  description = "Name of the IAM instance profile. README.md lists the permissions that it needs."
  type        = string
  default     = null
}

variable "ssh" {
  description = <<-EOT
    How the readiness check reaches an instance's private address.
    user, port: login on the instance. private_key_file: path of a private key, null for the SSH agent.
    public_key: made into a key pair for the instances when given; changing it replaces them.
    bastion: host to go through, with the same key; "{region}" in its host and user is replaced by the region.
  EOT
  type = object({
    user             = optional(string, "ec2-user")
    port             = optional(number, 22)
    private_key_file = optional(string)
    public_key       = optional(string)
    bastion = optional(object({
      host     = string
      port     = optional(number, 22)
      user     = optional(string, "ec2-user")
      host_key = optional(string)
    }))
  })
  default  = {}
  nullable = false

  # Asked at plan time: a wrong path found by the provisioner would leave a tainted instance behind.
  validation {
    condition     = var.ssh.private_key_file == null ? true : fileexists(pathexpand(var.ssh.private_key_file))
    error_message = "ssh.private_key_file names no file on this machine."
  }
}

variable "registry" {
  description = <<-EOT
    How an instance logs in to the image's registry. login: "none"; "ecr", with the instance profile;
    "secret", with the JSON {"username": …, "password": …} that is kept in the region's Secrets Manager under the name secret_id.
  EOT
  type = object({
    login     = optional(string, "none")
    secret_id = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["none", "ecr", "secret"], var.registry.login)
    error_message = "registry.login must be none, ecr or secret."
  }

  validation {
    condition     = var.registry.login == "secret" ? can(regex("^[A-Za-z0-9/_+=.@:-]+$", var.registry.secret_id)) : true
    error_message = "registry.secret_id must be the name of a secret when registry.login is secret."
  }
}

variable "workers" {
  description = "Workers on each instance."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.workers >= 1 && floor(var.workers) == var.workers
    error_message = "workers must be a whole number from 1."
  }
}

variable "heartbeat" {
  description = "CloudWatch namespace that the workers publish to, and the seconds between two heartbeats."
  type = object({
    namespace        = optional(string, "release-console")
    interval_seconds = optional(number, 10)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{1,255}$", var.heartbeat.namespace)) && !startswith(var.heartbeat.namespace, "AWS/")
    error_message = "heartbeat.namespace must be a CloudWatch namespace that does not start with AWS/."
  }

  validation {
    condition     = var.heartbeat.interval_seconds >= 1 && floor(var.heartbeat.interval_seconds) == var.heartbeat.interval_seconds
    error_message = "heartbeat.interval_seconds must be a whole number from 1."
  }
}

variable "metrics_port" {
  description = "Port of the instance at which a Prometheus finds the worker's page; the worker gets it as METRICS_PORT. null: none is open."
  type        = number
  default     = null

  validation {
    condition     = var.metrics_port == null ? true : var.metrics_port >= 1 && var.metrics_port <= 65535 && floor(var.metrics_port) == var.metrics_port
    error_message = "metrics_port must be a whole number from 1 to 65535, or null."
  }
}

variable "stop_grace_seconds" {
  description = "Seconds that a stopped worker has to finish its job or to give it back before it is killed."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.stop_grace_seconds >= 0 && floor(var.stop_grace_seconds) == var.stop_grace_seconds
    error_message = "stop_grace_seconds must be a whole number from 0."
  }
}

variable "readiness" {
  description = <<-EOT
    What a new instance must show before the one it replaces is destroyed.
    launcher: text in the command line of the worker's process, awaited over SSH for launcher_within_seconds
    (once to connect, once to see it).
    await_command: program that then waits for the instance's own heartbeats; it is run on this machine with
    --region R --instance ID --release LABEL --digest D --completions N --within Ts. Empty: nothing is run.
    completions, within_seconds: jobs that the instance must finish, and the time it has for that.
  EOT
  type = object({
    launcher                = optional(string, "launcher")
    launcher_within_seconds = optional(number, 300)
    await_command           = optional(string, "")
    completions             = optional(number, 1)
    within_seconds          = optional(number, 300)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9 ._/-]+$", var.readiness.launcher))
    error_message = "readiness.launcher must be two or more letters, digits, spaces, \".\", \"_\", \"/\" or \"-\", starting with a letter or digit."
  }

  validation {
    condition = alltrue([
      for seconds in [var.readiness.launcher_within_seconds, var.readiness.within_seconds] :
      seconds >= 1 && seconds <= 7200 && floor(seconds) == seconds
    ])
    error_message = "readiness.launcher_within_seconds and readiness.within_seconds must be whole numbers from 1 to 7200."
  }

  validation {
    condition     = var.readiness.completions >= 0 && floor(var.readiness.completions) == var.readiness.completions
    error_message = "readiness.completions must be a whole number from 0."
  }
}

variable "alarm" {
  description = <<-EOT
    The alarm for a silent fleet: fewer than minimum_runs jobs finished in each of evaluation_periods periods,
    or no data. A fleet that may be idle sets minimum_runs to 0: then only missing data raises it.
    sns_topic_arns: told when it is raised and when it is over; "{region}" in them is replaced by the region.
  EOT
  type = object({
    enabled            = optional(bool, true)
    sns_topic_arns     = optional(list(string), [])
    period_seconds     = optional(number, 60)
    evaluation_periods = optional(number, 5)
    minimum_runs       = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarm.period_seconds >= 60 && var.alarm.period_seconds % 60 == 0
    error_message = "alarm.period_seconds must be a multiple of 60."
  }

  validation {
    condition     = var.alarm.evaluation_periods >= 1 && var.alarm.evaluation_periods * var.alarm.period_seconds <= 10800
    error_message = "alarm.evaluation_periods must be at least 1, and at most three hours in all: an alarm on a query sees no further back."
  }

  validation {
    condition     = var.alarm.minimum_runs >= 0
    error_message = "alarm.minimum_runs must be 0 or more."
  }
}
