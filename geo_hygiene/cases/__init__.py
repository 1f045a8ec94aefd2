"""Cases: what people complain of, who answers for the place, and where complaints gather."""
