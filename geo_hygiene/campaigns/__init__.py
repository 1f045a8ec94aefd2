"""Campaigns against pests: what they must reach, what their treatments reached, and what is left."""
