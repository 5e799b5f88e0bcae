"""Videos, cameras and streams as frames with times; what becomes of them is not known here."""
