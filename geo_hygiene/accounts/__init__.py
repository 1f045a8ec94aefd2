"""People who sign in: their accounts and roles, failed sign-ins, and the audit of what everybody changed."""
