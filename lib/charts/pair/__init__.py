"""Figures of pairs: before against after, one pair's trajectory, its nearest wrong answer."""
