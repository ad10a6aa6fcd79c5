"""Runs a rollout: one mailbox, one journal, effects whose results come back as observations."""
