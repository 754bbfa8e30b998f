"""What checks, runs and stores the notebooks; the course itself needs none of it."""
