"""``python -m recount.measure …``: the command where only the sources lie, on a machine with PyTorch and nothing of ours."""

import sys

from recount.cli import main

sys.argv.insert(1, "measure")
raise SystemExit(main())
