"""One module a command: parse, wire, run, print."""
