"""A use case in the making: its fields, its policy, a look at its records, a review by hand, its teacher."""
