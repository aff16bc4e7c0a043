"""The door: sign-in, invitations, one's own account, help, and the first page of each role."""
