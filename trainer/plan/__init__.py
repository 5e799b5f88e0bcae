"""Plans of chunks: which goes into which row, and when; arithmetic on lengths alone."""
