"""release-console: takes a new version through a fleet of queue workers, and loses no job."""

__version__ = "0.1.0"
