"""Chat completions over SSE in OpenAI's format: DashScope's compatible mode, Ollama, llama-server, vLLM."""
