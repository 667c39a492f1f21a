"""A training as people meet it: what is asked before it, what it will take, and how it goes."""
