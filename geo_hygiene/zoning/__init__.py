"""Plans of duty zones: how a duty could be shared out."""
