"""What draws a view. A widget is shown frozen values and decides nothing."""
