"""The case library: ready-made cases, own ones, and what is made of them."""
