"""The map service of a subdistrict: duty zones, campaigns, complaints."""
