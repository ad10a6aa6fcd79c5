"""The rules of a rollout, without a clock, without input or output, without asyncio."""
