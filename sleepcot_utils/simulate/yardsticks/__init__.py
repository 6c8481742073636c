"""Yardsticks from real nights: what the simulator is held against, and how far it is from them."""
