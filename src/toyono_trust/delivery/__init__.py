"""Delivery receipts after ETSI EN 319 522."""
