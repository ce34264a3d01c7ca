"""EN 319 102-1: facts are judged under policy and trust at a time; the report is dressed for people and machines."""
