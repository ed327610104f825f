"""The checklists run: lines that only read are judged by what was read, the others are said to be not run. Pure."""
