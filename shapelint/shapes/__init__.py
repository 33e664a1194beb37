"""Pure algebra of sizes: dims, shapes, what is known about them, comparison, printing."""
