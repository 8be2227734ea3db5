"""The command line as ``python -m recount``."""

from recount.cli import main

raise SystemExit(main())
