"""Keeping the portal: accounts, invitations, audit; territories, their files, firms and people."""
