"""Responses over the API, a module for each subject; `api_urls` says where they are."""
