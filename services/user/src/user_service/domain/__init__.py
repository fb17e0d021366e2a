"""What an account is and how one is found; knows no HTTP and no SQL."""
