"""What the pages Data, Privacy and Teacher are made of, a module a part."""
