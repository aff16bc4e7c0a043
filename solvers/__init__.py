"""Optimisation models over arrays; knows nothing of firms, files or maps."""
