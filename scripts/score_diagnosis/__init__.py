"""Scores `kernward check`: real faults of varied strength, healthy machines, and what the check said of them."""
