"""Writers of files that annotation tools open: one module a format."""
