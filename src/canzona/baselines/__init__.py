"""Other systems, driven by the same forms, to measure Canzona against; their weights do not ship."""
