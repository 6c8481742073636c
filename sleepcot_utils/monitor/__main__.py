"""``python -m sleepcot_utils.monitor``."""

import sys

from sleepcot_utils.monitor.cli import main

if __name__ == "__main__":
    sys.exit(main())
