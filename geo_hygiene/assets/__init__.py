"""What is looked after, changed by hand: places are added and moved, streets drawn, split and joined."""
