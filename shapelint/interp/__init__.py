"""The abstract interpreter: runs the program model on abstract values and tells what happened as events."""
