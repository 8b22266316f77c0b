"""What Google's networks share: tokens of people and of service accounts, and errors."""
