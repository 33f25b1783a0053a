"""Runs for assistants that speak the Model Context Protocol (docs/mcp.md)."""
