"""The console: shows and asks; whatever it does, a command line call does too."""
