"""The option ``--repeats`` of ``train``: the same training with several seeds."""
