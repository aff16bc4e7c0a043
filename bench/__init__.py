"""Speed and memory, measured beside peers in the same run; nothing here asserts a time."""
