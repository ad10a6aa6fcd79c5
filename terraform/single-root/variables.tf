variable "fleet" {
  description = "Name of the fleet: the Fleet tag and heartbeat dimension, and the start of every instance's name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Environment that the fleet serves, such as prod: the Env tag."
  type        = string
  nullable    = false
}

variable "slots" {
  description = "For each region, one entry for each instance: the release's label and its image by digest. An empty list means no instance."
  type = map(list(object({
    release = string
    image   = string
  })))
  nullable = false

  # A region left out would read as "destroy all its workers".
  validation {
    condition     = toset(keys(var.slots)) == toset(["us-east-1", "us-west-1", "eu-west-1"])
    error_message = "slots must name us-east-1, us-west-1 and eu-west-1, each with a list; an empty one for a region without workers."
  }
}

variable "work_queue_urls" {
  description = "For each region, the URL of the SQS queue that the workers take jobs from."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(["us-east-1", "us-west-1", "eu-west-1"], keys(var.work_queue_urls))) == 0
    error_message = "work_queue_urls must have us-east-1, us-west-1 and eu-west-1."
  }
}

variable "results_queue_urls" {
  description = "For each region, the URL of the SQS queue that the workers send results to."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(["us-east-1", "us-west-1", "eu-west-1"], keys(var.results_queue_urls))) == 0
    error_message = "results_queue_urls must have us-east-1, us-west-1 and eu-west-1."
  }
}

variable "ami_ids" {
  description = "For each region, the AMI of new instances; a region left out looks up ami_parameter."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "ami_parameter" {
  description = "Public SSM parameter that names the AMI of new instances in a region that ami_ids leaves out."
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
  nullable    = false
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
}

variable "subnet_ids" {
  description = "For each region, the subnets, used in turn by slot; a region left out means its default VPC."
  type        = map(list(string))
  default     = {}
  nullable    = false
}

variable "security_group_ids" {
  description = "For each region, the security groups of the instances; a region left out means its VPC's default group."
  type        = map(list(string))
  default     = {}
  nullable    = false
}

variable "instance_profile" {
  description = "Name of the IAM instance profile. modules/worker-fleet/README.md lists the permissions that it needs."
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
}

variable "workers" {
  description = "Workers on each instance."
  type        = number
  default     = 1
  nullable    = false
}

variable "heartbeat" {
  description = "CloudWatch namespace that the workers publish to, and the seconds between two heartbeats."
  type = object({
    namespace        = optional(string, "release-console")
    interval_seconds = optional(number, 10)
  })
  default  = {}
  nullable = false
}

variable "metrics_port" {
  description = "Port of the instance at which a Prometheus finds the worker's page; the worker gets it as METRICS_PORT. null: none is open."
  type        = number
  default     = null
}

variable "stop_grace_seconds" {
  description = "Seconds that a stopped worker has to finish its job or to give it back before it is killed."
  type        = number
  default     = 60
  nullable    = false
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
}

variable "max_retries" {
  description = "How often the provider repeats a call that AWS refuses for the moment. Its own 25 can hold an apply up for most of an hour when EC2 has no room for an instance; 10 take about three minutes."
  type        = number
  default     = 10
  nullable    = false
}
