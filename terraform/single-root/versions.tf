terraform {
  required_version = ">= 1.9"

  # Bucket, key and region are given at init: -backend-config="key=workers.tfstate" and so on.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

provider "aws" {
  alias       = "us-east-1"
  region      = "us-east-1"
  max_retries = var.max_retries
}

provider "aws" {
  alias       = "us-west-1"
  region      = "us-west-1"
  max_retries = var.max_retries
}

provider "aws" {
  alias       = "eu-west-1"
  region      = "eu-west-1"
  max_retries = var.max_retries
}
