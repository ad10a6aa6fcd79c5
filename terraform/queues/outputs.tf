output "urls" {
  description = "URLs of the queues: work, results, dead_letter."
  value       = module.queues.urls
}

output "arns" {
  description = "ARNs of the queues: work, results, dead_letter."
  value       = module.queues.arns
}
