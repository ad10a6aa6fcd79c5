"""A release that exits at once: somebody forgot a setting."""

import sys

sys.stdout.write("cannot read config: no such key API_URL\n")
sys.exit(3)
