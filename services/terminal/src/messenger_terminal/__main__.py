"""`python -m messenger_terminal`."""

from messenger_terminal.commands import main

if __name__ == "__main__":
    main()
