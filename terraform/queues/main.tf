# Apart from the workers: queues outlive every release, and the provider waits 25 s for each change of one.
module "queues" {
  source = "../modules/work-queue"

  work                       = var.names.work
  results                    = var.names.results
  dead_letter                = var.names.dead_letter
  max_receive_count          = var.max_receive_count
  visibility_timeout_seconds = var.visibility_timeout_seconds
  retention_seconds          = var.retention_seconds
}
