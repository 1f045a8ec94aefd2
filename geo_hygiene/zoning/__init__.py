"""Plans of duty zones: edited one by one or as a draft, and proposed; by the engine's one way of writing."""
