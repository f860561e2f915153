"""A local gateway that speaks the protocols of Aliyun NLS and OpenAI chat on one port, for trying, for air-gapped sites, for tests."""
