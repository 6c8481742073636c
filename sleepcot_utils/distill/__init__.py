"""The student: its embedded base, the training sets of the arms, training through ``transformers`` and ``peft``."""
