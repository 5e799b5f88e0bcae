"""The command ``longtake`` in a process of its own, which tests start with Python's ``-c``."""

# As where it is installed, without scikit-learn, which is for tests only. (Keras imports it if it
# is there, which would take a sixth of the start of each such process.)
LONGTAKE = (
    "import sys; sys.modules.update(sklearn=None); "
    "from trainer.cli import main; raise SystemExit(main())"
)
