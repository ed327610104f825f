"""What is wrong with blueprints, by themselves and beside a chart's values. No rule knows an id or a file of ours."""
