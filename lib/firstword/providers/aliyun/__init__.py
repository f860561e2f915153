"""Alibaba Cloud Intelligent Speech Interaction (NLS): recognition, streaming synthesis, tokens."""
