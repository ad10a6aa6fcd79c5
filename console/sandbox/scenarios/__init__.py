"""Which troubles can an operator practise on? Each is a real one, in a world that runs."""
