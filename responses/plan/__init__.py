"""What the crisis communication plan says, and what follows from it: reading only."""
