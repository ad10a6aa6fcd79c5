"""What is told of a rollout afterwards, to people who were not there."""
