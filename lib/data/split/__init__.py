"""Split examples so that rows that share a text never stand in two parts."""
