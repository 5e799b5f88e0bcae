"""Devices, processes and machines that compute a step; what it computes is not known here."""
