"""Whether what runs is what was decided: blueprint, values, release, rendered chart and live objects. Pure: no I/O."""
