"""The two ways out of the process: WebSocket and streaming HTTP, each with bounds on every wait and a cancel that works."""
