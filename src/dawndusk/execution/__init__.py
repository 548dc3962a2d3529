"""How work is carried out: the modelled executor and interruptions."""
