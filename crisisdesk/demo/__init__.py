"""The demo organisation: an invented maker of cargo bikes, its people, its public, its crisis.

Every person, brand, place of sale and event in it is made up.
"""
