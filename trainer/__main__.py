"""Runs ``python -m trainer``."""

from trainer.cli import trainer_main

raise SystemExit(trainer_main())
