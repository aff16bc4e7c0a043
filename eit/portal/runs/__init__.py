"""Runs in the portal: list, look, compare, publish to those whom they concern."""
