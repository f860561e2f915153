"""Alibaba Cloud Model Studio (DashScope): the task protocol and its services."""
