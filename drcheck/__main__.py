"""``python -m drcheck``."""

import sys

from drcheck.cli import main

sys.exit(main())
