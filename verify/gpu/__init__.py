"""What a GPU draws, held against the CPU, and how fast: for the day that one is there."""
