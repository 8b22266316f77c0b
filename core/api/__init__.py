"""The API's common ground: strict JSON, pages, and errors as problem details (RFC 9457).

In modules of their own because the framework's settings name them while it is being imported.
"""
