"""Work on places beside duties and campaigns: what was done, how much of it is distinct, and what is due again."""
