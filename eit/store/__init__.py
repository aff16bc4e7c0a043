"""Durable memory of the portal: accounts, submissions, jobs; SQLite or PostgreSQL."""
