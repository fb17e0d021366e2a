"""What the tests of several services share; only tests import it."""
