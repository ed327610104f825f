"""One module per command: reads its arguments, calls the engines, hands the result to a renderer."""
