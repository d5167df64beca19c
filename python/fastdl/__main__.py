"""`python -m fastdl` is the command `fastdl`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
