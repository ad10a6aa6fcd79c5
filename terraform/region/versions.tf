terraform {
  required_version = ">= 1.9"

  # Bucket, key and region are given at init: -backend-config="key=workers/eu-west-1.tfstate" and so on.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

provider "aws" {
  region      = var.region
  max_retries = var.max_retries
}
