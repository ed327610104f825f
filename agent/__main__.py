"""`python -m agent`: the same as the console script."""

import sys

from agent.cli import main

sys.exit(main())
