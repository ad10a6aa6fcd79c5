variable "work" {
  description = "Name of the queue that the workers take jobs from."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.work))
    error_message = "work must be a name of letters, digits, dashes and underscores, at most 80 of them."
  }
}

variable "results" {
  description = "Name of the queue that the workers send results to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.results))
    error_message = "results must be a name of letters, digits, dashes and underscores, at most 80 of them."
  }
}

variable "dead_letter" {
  description = "Name of the queue for jobs that failed max_receive_count times."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.dead_letter))
    error_message = "dead_letter must be a name of letters, digits, dashes and underscores, at most 80 of them."
  }

  validation {
    condition     = length(distinct([var.work, var.results, var.dead_letter])) == 3
    error_message = "work, results and dead_letter must be three different names."
  }
}

variable "max_receive_count" {
  description = "How often a job may be taken before it goes to the dead-letter queue. A release takes a job from a worker that stops, so leave room for that."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 2 && var.max_receive_count <= 1000 && floor(var.max_receive_count) == var.max_receive_count
    error_message = "max_receive_count must be a whole number from 2 to 1000: with 1 every worker that is stopped would cost a job."
  }
}

variable "visibility_timeout_seconds" {
  description = "Seconds that a taken job stays hidden from other workers; longer than the longest job."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.visibility_timeout_seconds >= 1 && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds must be from 1 to 43200: with 0 a job would be taken by everybody at once."
  }
}

variable "retention_seconds" {
  description = "Seconds that jobs and results are kept when nobody takes them; dead letters are kept for 14 days."
  type        = number
  default     = 345600
  nullable    = false

  validation {
    condition     = var.retention_seconds >= 60 && var.retention_seconds <= 1209600
    error_message = "retention_seconds must be from 60 to 1209600, 14 days."
  }
}
