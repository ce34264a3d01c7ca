"""Turn bytes into facts, and to-be-signed content into signed files; know no trust and no time."""
