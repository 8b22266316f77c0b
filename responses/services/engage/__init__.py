"""What changes the inbox, the answers of it, and the concern board."""
