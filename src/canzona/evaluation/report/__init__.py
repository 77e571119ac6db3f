"""The report that a person reads: one page of HTML that loads nothing."""
