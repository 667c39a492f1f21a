"""What an auditor gets of one run: signed facts, and a page that shows them."""
