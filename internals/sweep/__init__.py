"""Many runs of one script: the plan, the processes, and what is said of them."""
