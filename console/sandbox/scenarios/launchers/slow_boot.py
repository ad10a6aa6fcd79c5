"""A good release that loads a large model first, for longer than its readiness check waits."""

import runpy
import sys
import time
from pathlib import Path

# The readiness check of its scenario waits for 20 s, and may take as long again to give up.
LOADING_SECONDS = 55

sys.stdout.write(f"launcher: loading the model, this takes {LOADING_SECONDS} s\n")
sys.stdout.flush()
time.sleep(LOADING_SECONDS)
runpy.run_path(str(Path(__file__).with_name("sample_worker.py")), run_name="__main__")
