#!/usr/bin/env python3
"""Ask the laboratory's Hub with the real huggingface_hub of this Python, and compare what it raises.

usage: clients.py PATH-OF-hfdoctor-lab PATH-OF-examples/state.toml
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

lab = subprocess.Popen(sys.argv[1:3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
info = json.loads(lab.stdout.readline())
home = tempfile.TemporaryDirectory()
os.environ.update(
    HF_ENDPOINT=info["endpoint"],
    SSL_CERT_FILE=info["ca_file"],
    REQUESTS_CA_BUNDLE=info["ca_file"],
    HF_HOME=home.name,
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)

import huggingface_hub  # noqa: E402  (reads the environment when imported)
from huggingface_hub import HfApi, hf_hub_download, snapshot_download  # noqa: E402

TOKENS = info["tokens"]
api = HfApi()
failures = 0


def chain(error):
    """The names of an exception and of what caused it; some clients wrap the decisive one."""
    names = []
    while error is not None:
        names += [kind.__name__ for kind in type(error).__mro__]
        error = error.__cause__
    return names


def expect(label, action, error=None):
    """Runs an action, which should raise that error, or none."""
    global failures
    try:
        action()
        raised, message = None, ""
    except Exception as caught:
        raised, message = chain(caught), str(caught)
    good = raised is None if error is None else raised is not None and error in raised
    failures += not good
    first = raised[0] if raised else "no error"
    print(f"{'ok  ' if good else 'FAIL'} {label}: {first}", "" if good else f"(expected {error}) {message[:300]}")


def file(repo, name="config.json", token=False, **more):
    path = Path(hf_hub_download(repo, name, token=TOKENS.get(token, token), **more))
    blob = path.resolve().name
    if len(blob) == 64:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == blob, "wrong bytes"
    return path


def snapshot(repo, count, token=False, **more):
    root = Path(snapshot_download(repo, token=TOKENS.get(token, token), **more))
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(files) == count, files


print("huggingface_hub", huggingface_hub.__version__)
expect("small file", lambda: file("acme/public"))
expect("nested file", lambda: file("acme/public", "sub/dir with space/ünicode.txt"))
expect("Xet file over HTTP", lambda: file("acme/public", "model.safetensors"))
expect("LFS file", lambda: file("acme/public", "old.bin"))
expect("tag", lambda: file("acme/public", revision="v1"))
expect("snapshot", lambda: snapshot("acme/public", 6))
expect("snapshot of a branch", lambda: snapshot("acme/public", 7, revision="dev"))
expect("dataset", lambda: snapshot("acme/corpus", 2, repo_type="dataset"))
expect("renamed repository", lambda: file("acme/former"))
expect("short name", lambda: file("public", "old.bin"))
expect("private, member's token", lambda: snapshot("club/private", 1, token="reader"))
expect("gated, granted", lambda: snapshot("acme/granted", 2, token="reader"))
expect("gated README, no token", lambda: file("acme/gated", "README.md"))
expect("gated, no token", lambda: file("acme/gated"), "GatedRepoError")
expect("gated LFS file, no token", lambda: file("acme/gated", "model.safetensors"), "GatedRepoError")
expect("gated snapshot, no token", lambda: snapshot("acme/gated", 3), "GatedRepoError")
expect("gated, pending", lambda: file("acme/gated", token="reader"), "GatedRepoError")
expect("gated, switch off", lambda: file("acme/gated", token="fine"), "HfHubHTTPError")
expect("missing, no token", lambda: file("no/such"), "RepositoryNotFoundError")
expect("missing, token", lambda: file("no/such", token="reader"), "RepositoryNotFoundError")
expect("private, no token", lambda: file("club/private", "other.json"), "RepositoryNotFoundError")
expect("wrong type", lambda: file("acme/corpus", token="reader"), "RepositoryNotFoundError")
expect("wrong revision", lambda: file("acme/public", revision="nope"), "RevisionNotFoundError")
expect("wrong revision, snapshot", lambda: snapshot("acme/public", 0, revision="nope"), "RevisionNotFoundError")
expect("missing file", lambda: file("acme/public", "nope.json"), "EntryNotFoundError")
expect("disabled", lambda: file("acme/disabled"), "DisabledRepoError")
expect("region block", lambda: file("acme/faraway"), "HfHubHTTPError")
expect("rejected token", lambda: file("acme/public", "README.md", token="gone", force_download=True), "HfHubHTTPError")
expect("garbage token", lambda: file("acme/public", "README.md", token="hf_x", force_download=True), "HfHubHTTPError")
expect("expired token", lambda: file("acme/public", "README.md", token="old", force_download=True), "HfHubHTTPError")
# Clients on requests give up where httpx clients resume: that error class is not among those they retry.
old_client = huggingface_hub.__version__.startswith("0.")
expect("cut transfer", lambda: file("acme/cut", "w.bin"), "ChunkedEncodingError" if old_client else None)
expect("whoami", lambda: api.whoami(token=TOKENS["fine"])["auth"]["accessToken"]["fineGrained"]["canReadGatedRepos"])
expect("whoami, rejected token", lambda: api.whoami(token=TOKENS["gone"]), "HTTPError")
expect("refs", lambda: api.list_repo_refs("acme/public", token=False).tags[0].target_commit)
expect("tree", lambda: list(api.list_repo_tree("acme/public", recursive=True, token=False)))
expect("record with blobs", lambda: api.model_info("acme/public", files_metadata=True, token=False).siblings[0].size)
expect("paths", lambda: api.get_paths_info("acme/public", ["config.json", "sub"], token=False)[1].path)
expect("access test", lambda: api.auth_check("acme/public", token=False))
expect("access test, gated", lambda: api.auth_check("acme/gated", token=False), "GatedRepoError")
expect("search", lambda: next(iter(api.list_models(search="publ", token=False))).id)

lab.stdin.write("requests\n")
lab.stdin.flush()
print(len(json.loads(lab.stdout.readline())), "requests,", failures, "failures")
lab.stdin.close()
lab.wait(10)
sys.exit(failures != 0)
