"""What each person sees of a published run: a park, the own synergies, their progress."""
