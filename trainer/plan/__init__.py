"""Which chunk of which sequence goes into which row, and when: arithmetic on lengths alone."""
