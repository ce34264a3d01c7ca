"""Keys that sign: files, PKCS#11 tokens, and any object with four members."""
