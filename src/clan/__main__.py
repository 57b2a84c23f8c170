"""`python -m clan`."""

import sys

from clan.cli import main

sys.exit(main())
