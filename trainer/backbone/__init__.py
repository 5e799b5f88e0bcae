"""The backbone that is trained with the model: its network, its frames, its passes; no model."""
