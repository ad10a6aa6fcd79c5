"""The operator's console and its read-only twin: screens over the engine, and none of its parts."""
