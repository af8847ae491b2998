"""What is unsent, and what came back."""
