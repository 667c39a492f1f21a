"""What the arms' answers are worth and how sure that is: scores, intervals, comparisons, slices, the cascade, a judge."""
