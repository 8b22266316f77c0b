"""Django's PostgreSQL backend with one addition: live numbers are taken just before a commit."""
