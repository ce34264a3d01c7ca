"""Certificates, paths, revocation, time-stamp tokens and trust anchors; never fetches."""
