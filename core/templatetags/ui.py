"""Template tags of the design language, available in every template without a load."""

from django import template

register = template.Library()
