"""The table as an MCP server: the one place that knows mcp."""
