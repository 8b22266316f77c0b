"""The public statement page: what is signed, how it looks, how it becomes files and is served.

`documents` and `serving` need neither settings nor a database: whoever only verifies or serves
needs nothing else of ours.
"""
