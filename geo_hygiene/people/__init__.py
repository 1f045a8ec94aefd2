"""The people of an office: who is there, who holds what from when on, who stands in, who leaves and to whom it goes."""
