"""The attack on the trained student: what an outsider who holds its weights could learn of the people in its data."""
