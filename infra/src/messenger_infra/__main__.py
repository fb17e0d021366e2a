"""`python -m messenger_infra`."""

from messenger_infra.cli import main

if __name__ == "__main__":
    main()
