"""From a value to what it decides, and back: by changing the value and rendering again, so in any chart. Pure."""
