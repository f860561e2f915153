"""Alibaba Cloud Model Studio (DashScope) as the gateway speaks it."""
