"""The sandbox: an embedded world on loopback for production's own Terraform."""
