"""Where instances' heartbeats are kept, source by source."""
