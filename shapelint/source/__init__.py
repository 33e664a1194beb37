"""Text in: files, notebooks and Markdown blocks, read, measured, parsed; comments and suppressions."""
