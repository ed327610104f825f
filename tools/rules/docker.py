"""What docker may do. Its socket is root on the host, so only bounded reads are allowed."""

from tools.policy import Permission, Rule

FORMAT = {"--format": "={{.|json}}"}
"""The one template: everything as JSON, in words that clients before 23 know, too."""
JSON = FORMAT | {"--no-trunc": ""}

RULES = (
    Rule(
        Permission.ALLOW,
        "docker version|info",
        "says which engine this is",
        FORMAT,
        match=("docker version --format={{.|json}}",),
        no_match=("docker version --host=tcp://x", "docker info --config=/x"),
    ),
    Rule(
        Permission.ALLOW,
        "docker ps|images",
        "lists containers or images",
        JSON | {"--all": "", "--filter": "selector"},
        match=("docker ps --all --format={{.|json}}",),
        no_match=("docker ps --context=x", "docker rm x"),
    ),
    Rule(
        Permission.ALLOW,
        "docker inspect <container>",
        "reads one container; environment and labels are redacted",
        {"--type": "=container"},
        ("--type",),  # without it an image, a volume, a network or a secret of that name would answer
        match=("docker inspect web-1 --type=container",),
        no_match=(
            "docker inspect web-1",
            "docker inspect web-1 --type=secret",
            "docker inspect web-1 --type=container --format={{.Config.Env}}",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "docker image inspect <image>",
        "reads one image",
        match=("docker image inspect web:1",),
        no_match=("docker image rm web:1",),
    ),
    Rule(
        Permission.ALLOW,
        "docker history <image>",
        "reads how an image was built; redacted",
        JSON,
        match=("docker history web:1 --format={{.|json}}",),
        no_match=("docker history",),
    ),
    Rule(
        Permission.ALLOW,
        "docker logs <container>",
        "reads a bounded part of one container's log",
        {"--tail": "tail", "--timestamps": "", "--since": "time"},
        ("--tail",),
        match=("docker logs web-1 --tail=200 --timestamps",),
        no_match=("docker logs web-1 --tail=200 --follow", "docker logs web-1"),
    ),
    Rule(
        Permission.ALLOW,
        "docker events",
        "reads a bounded span of the engine's events",
        FORMAT | {"--since": "time", "--until": "=0s", "--filter": "selector"},
        ("--since", "--until"),
        match=("docker events --since=10m --until=0s --format={{.|json}}",),
        no_match=(
            "docker events --since=10m",
            "docker events --since=10m --until=2999-01-01T00:00:00",  # it would wait until then
        ),
    ),
    Rule(
        Permission.ALLOW,
        "docker top|diff|port <container>",
        "reads one container's processes, changed files or ports",
        match=("docker top web-1",),
        no_match=("docker top web-1 --aux",),
    ),
    Rule(
        Permission.ALLOW,
        "docker stats <container>?",
        "reads resource use once",
        JSON | {"--no-stream": "", "--all": ""},
        ("--no-stream",),
        match=("docker stats --no-stream --format={{.|json}}",),
        no_match=("docker stats",),
    ),
    Rule(
        Permission.ALLOW,
        "docker context inspect",
        "says which engine the active context names",
        match=("docker context inspect",),
        no_match=("docker context use other", "docker context export x"),
    ),
    Rule(
        Permission.ASK,
        "docker start <container>",
        "starts a container that is there and stopped, as it is",
        match=("docker start web-1",),
        no_match=("docker start web-1 --attach", "docker start web-1 web-2", "docker start"),
    ),
    Rule(
        Permission.ASK,
        "docker build|tag|pull <image> <directory>?",
        "makes or fetches an image",
        match=("docker pull web@sha256:00",),
        no_match=("docker pull web --all-tags",),
    ),
    Rule(
        Permission.DENY,
        "docker create|exec|attach|cp|export|save|load|import|commit|compose|login|push|plugin|system|swarm"
        "|stack|service|secret|config|rm|rmi|kill|stop|restart|update|rename|network|volume|model"
        "|mcp|ai ...",
        "it enters, starts, changes or removes a container, or reaches out",
        match=("docker exec web-1 sh", "docker system prune"),
        no_match=("docker ps",),
    ),
)
