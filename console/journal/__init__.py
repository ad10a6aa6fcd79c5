"""The append-only record of facts, and the claim on a fleet."""
