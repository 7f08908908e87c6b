"""A contact centre on one machine, behaving as ECS is documented to behave.

What is not public about ECS is a knob (`knobs.py`, explained in `centre.yaml`). The API offered
here is the emulator's own; it says nothing about the form of the real one.
"""
