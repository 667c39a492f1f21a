"""Makes the signed bundle, on a machine that has a network. Needs the development environment (`make install`)."""
