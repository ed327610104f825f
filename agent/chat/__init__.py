"""The conversation: a question becomes an operation of the table, with a model or without one."""
