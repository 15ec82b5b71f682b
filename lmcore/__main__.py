"""``python -m lmcore``: the same as the command ``lmcore``."""

from lmcore.cli import main

raise SystemExit(main())
