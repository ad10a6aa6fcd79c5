variable "region" {
  description = "AWS region of the queues."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "names" {
  description = "Names of the queue of jobs, of the queue of results and of the dead-letter queue."
  type = object({
    work        = string
    results     = string
    dead_letter = string
  })
  nullable = false
}

variable "max_receive_count" {
  description = "How often a job may be taken before it goes to the dead-letter queue."
  type        = number
  default     = 3
  nullable    = false
}

variable "visibility_timeout_seconds" {
  description = "Seconds that a taken job stays hidden from other workers; longer than the longest job."
  type        = number
  default     = 120
  nullable    = false
}

variable "retention_seconds" {
  description = "Seconds that jobs and results are kept when nobody takes them."
  type        = number
  default     = 345600
  nullable    = false
}
