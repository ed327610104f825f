"""The conversation with a model: the one place that knows langchain and openai."""
