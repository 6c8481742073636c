"""``python -m sleepcot_utils.study``."""

import sys

from sleepcot_utils.study.cli import main

if __name__ == "__main__":
    sys.exit(main())
