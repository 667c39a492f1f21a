"""What the console's quality page shows and asks: arms side by side, answers record by record, blind ratings."""
