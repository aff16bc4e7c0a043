"""Optimisation jobs: asked for, queued, run one per core in processes of their own, kept."""
