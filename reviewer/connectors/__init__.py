"""How marketplaces are reached: the door that plugins come in by, and what finds and runs them."""
