"""``python -m sleepcot_utils.teach``."""

import sys

from sleepcot_utils.teach.cli import main

if __name__ == "__main__":
    sys.exit(main())
