"""Rules that know no HTTP."""
