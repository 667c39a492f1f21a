"""Installs a bundle and looks after what is installed. Standard library only: it runs before anything of ours is there."""
