"""Runs a rollout without a screen: for CI, for pipes, and for a terminal without ambitions."""
