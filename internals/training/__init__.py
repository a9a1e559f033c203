"""What makes training exact and fast, and says what is trained."""
