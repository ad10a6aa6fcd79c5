"""What does the console cost, and against what? Scripts to run by hand; see README.md."""
