"""Instances as containers: everything of the sandbox that needs a Docker Engine."""
