"""How well a cluster is: what it has, what it is asked for, what will break next, and how much each of that costs."""
