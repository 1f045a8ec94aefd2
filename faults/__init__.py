"""Bad files, killed processes and broken ground by the thousand, and what the program does with them."""
