"""The demo: the main job on real input in a throw-away town, told to its end by the public verbs alone."""
