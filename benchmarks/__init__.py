"""Measurements that anyone can repeat; speeds are ratios within one run."""
