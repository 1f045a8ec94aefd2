"""What writes the documents: tables from declarations, outcomes of imports, pictures."""
