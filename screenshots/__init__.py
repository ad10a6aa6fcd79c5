"""The pictures of the console, and the recorded rollouts that they are taken from."""
