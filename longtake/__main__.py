"""Runs ``python -m longtake``."""

from trainer.cli import main

raise SystemExit(main())
