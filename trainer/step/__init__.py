"""One chunk through the model: forward, training step, sums of losses; no files, no epochs."""
