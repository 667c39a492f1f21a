"""People: their accounts and sessions, and what each may do."""
