"""Results in, matplotlib axes out: this room draws and calculates nothing."""
