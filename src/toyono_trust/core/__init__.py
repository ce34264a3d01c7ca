"""ASN.1, CMS, algorithms, canonical forms and the table of findings: no trust, no time, no I/O."""
