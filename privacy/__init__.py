"""Takes people out of text. Imports nothing else of the appliance, so that it can be audited alone."""
