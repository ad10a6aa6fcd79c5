"""The console's screens: each is shown a scene and asks its app for what it may not do itself."""
