"""Speed and memory of the core beside what one would otherwise write or pick."""
