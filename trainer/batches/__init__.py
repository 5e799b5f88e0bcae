"""A plan as arrays: features from the store, targets, weights and resets, a chunk a batch."""
