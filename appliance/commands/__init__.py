"""Commands of the command line, a file a room; `appliance/cli.py` gathers them."""
