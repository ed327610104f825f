"""Image references, as people write them: `registry/repository:tag@digest`."""


def repository(image: str) -> str:
    """Return an image without its digest and tag."""
    name = image.split("@")[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.split(':')[0]}" if head else last.split(":")[0]


def tag(image: str) -> str:
    """Return an image's tag, `latest` where it names none."""
    return image.split("@")[0].removeprefix(repository(image)).removeprefix(":") or "latest"


def short(image: str) -> str:
    """Return an image without the prefixes by which Docker Hub may be named."""
    return image.removeprefix("index.").removeprefix("docker.io/").removeprefix("library/")


def same_repository(one: str, other: str) -> bool:
    """Return whether two images are of one repository, however Docker Hub is written."""
    return short(repository(one)) == short(repository(other))
