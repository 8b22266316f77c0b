"""The crisis communication plan and what is done by it."""
