"""What an operator sees: the dashboard of the template, and its picture on this machine."""
