"""Videos with the answers drawn into them."""
