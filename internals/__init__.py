"""What stands behind the scripts and commands: eight packages, each named by its subject.

Nothing here imports common.py or a script. tests/test_project.py holds which package may import
which.
"""
