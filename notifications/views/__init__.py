"""Pages: the inbox, how one is told, channels, and what can be answered without signing in."""
