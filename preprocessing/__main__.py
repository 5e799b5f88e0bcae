"""Runs ``python -m preprocessing``."""

from preprocessing.cli import main

raise SystemExit(main())
