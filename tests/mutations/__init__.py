"""Inputs damaged on purpose, thousands of them: no command may crash, and none may call a broken world healthy."""
