"""Where a step is computed: devices, processes, machines; what it computes is not known here."""
