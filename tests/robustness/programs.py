"""helm and kubectl that replay a record and keep the state of one release in a folder.

`helm upgrade` and `helm rollback` change that state as the real ones do: a pending revision first, its end afterwards.
Every call is written down; one that changes something also with what the ledger held when it came.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.robustness.recorded import recorded

WHOAMI = {"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "ada", "groups": ["system:masters"]}}}

COMMON = """#!{python} -IS
import json, os, re, signal, sys, time
here, argv = {folder!r}, sys.argv[1:]
def read(name):
    with open(here + "/" + name) as file:
        return json.load(file)
def kept(name, value):
    with open(here + "/." + name, "w") as file:
        json.dump(value, file)
    os.replace(here + "/." + name, here + "/" + name)
fault = read("fault.json")
def fails(text):
    sys.stderr.write(text)
    sys.exit(1)
"""

KUBECTL = (
    COMMON
    + """
if fault.get("down"):
    fails("error: Get https://127.0.0.1: dial tcp 127.0.0.1: connect: connection refused\\n")
if "whoami" in argv:
    print(json.dumps(read("whoami.json")))
elif "diff" in argv:
    sys.stderr.write(fault.get("diff", ""))
    sys.exit(2 if fault.get("diff") else 1)
elif "version" in argv:
    print(json.dumps({{"clientVersion": {{"gitVersion": "v1.36.3"}}}}))
else:
    fails("nothing was recorded for " + " ".join(argv) + "\\n")
"""
)

HELM = (
    COMMON
    + """
record, state = read("record.json"), read("state.json")
last = state["revisions"][-1] if state["revisions"] else None
changes = argv[0] in ("upgrade", "rollback") and not any(w.startswith("--dry-run") for w in argv)
def told(changing):
    lines = [json.loads(line) for line in open(state["ledger"])] if os.path.exists(state["ledger"]) else []
    known = [[line["event"], line["plan"]] for line in lines]
    with open(here + "/calls", "a") as file:
        file.write(json.dumps([argv, changing, known, os.getpid()]) + "\\n")
told(changes)
def stage():
    return record["stages"][last["stage"]]
def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
def described():
    return next((w.partition("=")[2] for w in argv if w.startswith("--description=")), "Upgrade complete")
def rendered():
    memory = "512Mi"
    for word in argv:
        if word.startswith("--values="):
            found = re.search(r"memory: (\\S+) +# SVC-BE-MEM-LIMIT", open(word.partition("=")[2]).read())
            memory = found[1] if found else memory
    return "before" if memory == "384Mi" else "after"
def revision(name, status, description, live):
    state["revisions"].append({{"stage": name, "status": status, "description": description, "updated": now()}})
    state["live"] = live
    kept("state.json", state)
def ends(status, description, live=""):
    if status == "deployed":
        for item in state["revisions"][:-1]:
            item["status"] = "superseded" if item["status"] == "deployed" else item["status"]
    state["revisions"][-1].update(status=status, description=description)
    state["live"] = live or state["live"]
    kept("state.json", state)
def taken_back(why):
    ends("failed", "Upgrade failed: " + why)
    if fault.get("change") == "stuck":
        revision("before", "failed", "Rollback failed: " + why, state["live"])
        fails("Error: an error occurred while rolling back the release. original upgrade error: " + why + "\\n")
    revision("before", "pending-rollback", "Preparing rollback", state["live"])
    ends("deployed", "Rollback to 1", "back")
    fails("Error: UPGRADE FAILED: release todo failed, and has been rolled back due to rollback-on-failure being set: "
          + why + "\\n")
class Asked(Exception): pass
def asked(*_):
    raise Asked
def change(name, description, live):
    kind = fault.get(argv[0]) or fault.get("change", "")
    if kind == "invalid":
        fails("Error: UPGRADE FAILED: values don't meet the specifications of the schema\\n")
    signal.signal(signal.SIGINT, asked)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == "hang" else asked)
    try:
        revision(name, "pending-" + argv[0], "Preparing " + argv[0], "failing" if kind == "midway" else state["live"])
        while kind == "hang" or (os.path.exists(here + "/hold") and argv[0] == "upgrade"):
            time.sleep(0.02)
        current = read("fault.json")
        time.sleep(current.get("seconds", 0))
        if current.get("down"):
            fails(record["said"]["unreachable"])
        if (current.get(argv[0]) or current.get("change")) == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if read("state.json")["revisions"][-1:] != state["revisions"][-1:]:
            fails("Error: UPGRADE FAILED: release: already exists\\n")
        if (current.get(argv[0]) or current.get("change")) in ("midway", "stuck", "error"):
            taken_back("context deadline exceeded") if argv[0] == "upgrade" else (
                ends("failed", "Rollback failed"), fails("Error: context deadline exceeded\\n"))
        if current.get("change") == "lost":
            ends("deployed", description, live)
            fails("Error: UPGRADE FAILED: http2: client connection lost\\n")
    except Asked:
        taken_back("context canceled")
    ends("deployed", description, live)
if argv[0] == "version":
    print(state["version"])
elif argv[0] == "template":
    sys.stdout.write(record["template"][rendered()])
elif argv[0] == "lint":
    print("1 chart(s) linted, 0 chart(s) failed")
elif fault.get("down"):
    fails(record["said"]["unreachable"])
elif fault.get("reads") == "hang" and not changes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
elif fault.get("reads") == "killed" and not changes:
    os.kill(os.getpid(), signal.SIGKILL)
elif fault.get("reads") == "error" and not changes:
    fails("Error: query: failed to query with labels: etcdserver: request timed out\\n")
elif argv[0] == "upgrade" and not changes:
    if fault.get("dry-run"):
        fails(fault["dry-run"])
    sys.stdout.write(record["dry-run"])
elif argv[0] == "list":
    listed = dict(record["stages"]["before"]["list"][0])
    if last:
        listed.update(revision=str(len(state["revisions"])), status=last["status"], updated=last["updated"])
    print(json.dumps([listed] if last else []))
elif last is None and argv[0] != "upgrade":
    fails("Error: release: not found\\n")
elif argv[0] == "history":
    print(json.dumps([{{"revision": n, "app_version": "1.0.0", "chart": "todo-app-0.1.0", "status": item["status"],
                       "description": item["description"], "updated": item["updated"]}}
                      for n, item in enumerate(state["revisions"], 1)]))
elif argv[:2] == ["get", "values"]:
    print(json.dumps(stage()["values"]))
elif argv[:2] == ["get", "manifest"]:
    asked_for = [w.partition("=")[2] for w in argv if w.startswith("--revision=")]
    of = state["revisions"][int(asked_for[0]) - 1] if asked_for else last
    sys.stdout.write(record["stages"][of["stage"]]["manifest"])
elif argv[:2] == ["get", "metadata"]:
    print(json.dumps(dict(stage()["metadata"], revision=len(state["revisions"]), status=last["status"])))
elif argv[0] == "upgrade":
    name = rendered()
    change(name, described(), state.get("becomes") or name)
    sys.stdout.write(record["upgrade"])
elif argv[0] == "rollback":
    to = state["revisions"][int(argv[2]) - 1]["stage"]
    change(to, "Rollback to " + argv[2], "back" if to in ("before", "back") else to)
    print("Rollback was a success! Happy Helming!")
else:
    fails("nothing was recorded for " + " ".join(argv) + "\\n")
"""
)


def install(folder: Path, state: Path, ledger: Path) -> None:
    """Write both programs into a folder, and the record and the state of a first revision into another."""
    for path in (folder, state):
        path.mkdir(parents=True, exist_ok=True)
    for name, text in (("helm", HELM), ("kubectl", KUBECTL)):
        program = folder / name
        program.write_text(text.format(python=sys.executable, folder=str(state)), encoding="utf-8")
        program.chmod(0o755)
    record = recorded()
    first = {"stage": "before", "status": "deployed", "description": "Install complete"}
    begun = first | {"updated": record["stages"]["before"]["history"][0]["updated"]}
    version = f"{record['version'].strip()}+gabcdef0"
    stages = {
        name: {key: said for key, said in stage.items() if key != "objects"} for name, stage in record["stages"].items()
    }
    kept = {key: record[key] for key in ("template", "said", "dry-run", "upgrade")}
    write(state / "record.json", kept | {"stages": stages})
    write(state / "state.json", {"revisions": [begun], "live": "before", "ledger": str(ledger), "version": version})
    write(state / "whoami.json", WHOAMI)
    write(state / "fault.json", {})


def write(path: Path, value: Any) -> None:
    """Write a state file whole: the programs read it at any moment."""
    part = path.with_name(f".{path.name}.new")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(path)
