"""The steps that bring a hub's database to the tables of this version; one module a step, in `versions`."""
