"""Backup and restore of a home, and the check of what it holds."""
