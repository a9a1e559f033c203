"""What stands behind the scripts and commands; common.py tells the story of a run.

Nothing here imports common.py or a script. files.py, runs.py and formats.py are the ground, which
all others may use; backend.py is where Keras comes from.
"""
