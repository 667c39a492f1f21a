"""The stages: each is glue between the run's folder and one function of the rooms below."""
