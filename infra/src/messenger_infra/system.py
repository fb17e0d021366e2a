"""The machine: the user that servers run as, commands, missing Debian packages, orphaned processes."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from messenger_infra.errors import SetupError

SERVICE_USER = "messenger"
"""The system user of every server when we are root; otherwise servers run as the caller."""

MARKER = "MESSENGER_SUPERVISED"
"""Variable in the environment of every process we supervise; its value is the stack's folder."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_DEFAULTS = Path("/etc/postgresql-common/createcluster.conf")


def is_root() -> bool:
    """Tell whether we may change users."""
    return os.geteuid() == 0


def service_user() -> str:
    """Return the name of the user that servers run as."""
    return SERVICE_USER if is_root() else pwd.getpwuid(os.geteuid()).pw_name


def own(path: Path, *, recursive: bool = False) -> None:
    """Hand a file or folder to the service user."""
    if not is_root():
        return
    account = pwd.getpwnam(SERVICE_USER)
    for item in (path, *path.rglob("*")) if recursive else (path,):
        os.chown(item, account.pw_uid, account.pw_gid, follow_symlinks=False)


def make_folder(path: Path, mode: int = 0o750) -> Path:
    """Create a folder of the service user, or correct the one that is there."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    own(path)
    return path


def write(path: Path, text: str, mode: int = 0o640) -> None:
    """Write a file of the service user, replacing it at once or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.chmod(mode)
    own(draft)
    draft.replace(path)


def _identity(*, as_service: bool) -> dict[str, object]:
    if not (as_service and is_root()):
        return {}
    account = pwd.getpwnam(SERVICE_USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return what a server's environment starts from: no variable of the caller's but the certificates and the zone."""
    kept = {name: os.environ[name] for name in ("SSL_CERT_FILE", "TZ") if name in os.environ}
    return {"PATH": PATH, "LANG": "C.UTF-8", **kept, **extra}


def run(
    command: Sequence[str | Path],
    *,
    as_service: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 300,
    log: Path | None = None,
    script: str | None = None,
) -> str:
    """Run a command to its end and return its output; a failure shows the last lines of it.

    `as_service` runs it as the service user with a clean environment. `timeout` is in seconds; `script` becomes its
    standard input, which is empty otherwise.
    """
    try:
        done = subprocess.run(  # noqa: S603 - commands are ours, never a user's text
            [str(part) for part in command],
            check=False,
            input=script or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            cwd=cwd,
            env=clean_environment(env or {}) if as_service else {**os.environ, **(env or {})},
            **_identity(as_service=as_service),  # type: ignore[call-overload] # keywords of Popen, built above
        )
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{Path(str(command[0])).name} did not end within {timeout:.0f} s.") from error
    output = str(done.stdout)
    if log is not None:
        log.write_text(output)
    if done.returncode != 0:
        tail = "\n".join(output.strip().splitlines()[-20:])
        raise SetupError(f"{' '.join(str(part) for part in command[:4])} … failed ({done.returncode}):\n{tail}")
    return output


def start_detached(
    command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Start a daemon as the service user, out of our session, so that a Ctrl-C here does not reach it."""
    with log.open("ab") as output:
        own(log)
        daemon: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - as above
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=cwd,
            env=clean_environment(env),
            **_identity(as_service=True),  # type: ignore[call-overload] # keywords of Popen, built above
        )
    return daemon


def _java_works(java: str) -> bool:
    try:
        text = run([java, "-version"], as_service=True, timeout=30)
    except (SetupError, PermissionError):
        return False
    version = text.partition('version "')[2].partition(".")[0].partition('"')[0]
    return version.isdigit() and int(version) >= 17  # noqa: PLR2004 - Keycloak 26 needs Java 17


def find_java() -> str | None:
    """Return a Java 17 or newer that the service user can execute."""
    home = os.environ.get("JAVA_HOME")
    candidates = [f"{home}/bin/java"] if home else []
    candidates += [path for path in (shutil.which("java"), "/usr/bin/java") if path]
    candidates += [str(path) for path in sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)]
    return next((path for path in dict.fromkeys(candidates) if Path(path).exists() and _java_works(path)), None)


def postgres_bin() -> Path | None:
    """Return the folder of the newest installed PostgreSQL server, 15 or newer."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    found = [path for path in found if path.parent.name.isdigit() and int(path.parent.name) >= 15]  # noqa: PLR2004 - the oldest we test
    return max(found, key=lambda path: int(path.parent.name), default=None)


def rabbitmq_server() -> Path | None:
    """Return RabbitMQ's own start script; Debian's wrapper in /usr/sbin insists on its own user and node."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return found[-1] if found else None


def missing_packages() -> list[str]:
    """Return the Debian packages that have to be installed before anything can start."""
    wanted = {
        "postgresql": postgres_bin() is not None,
        "rabbitmq-server": rabbitmq_server() is not None,
        "openjdk-17-jre-headless": find_java() is not None,
        "maven": shutil.which("mvn") is not None,
    }
    return [name for name, present in wanted.items() if not present]


@contextmanager
def _nothing_started() -> Iterator[None]:
    """Keep apt from creating a default cluster or starting a default node; undo what we put in the way."""
    prefix = [] if is_root() else ["sudo"]
    policy = not POLICY.exists()
    defaults = not CLUSTER_DEFAULTS.exists()
    if policy:
        run([*prefix, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY} && chmod 755 {POLICY}"])
    if defaults:
        lines = f"mkdir -p {CLUSTER_DEFAULTS.parent} && echo 'create_main_cluster = false' >{CLUSTER_DEFAULTS}"
        run([*prefix, "sh", "-c", lines])
    try:
        yield
    finally:
        if policy:
            run([*prefix, "rm", "-f", str(POLICY)])
        if defaults:
            packaged = Path("/usr/share/postgresql-common") / CLUSTER_DEFAULTS.name
            run([*prefix, *(("cp", packaged) if packaged.exists() else ("rm", "-f")), CLUSTER_DEFAULTS])
            run([*prefix, "rm", "-f", f"{CLUSTER_DEFAULTS}.ucf-dist"])


def install(packages: Sequence[str]) -> None:
    """Install Debian packages without starting any service of theirs."""
    if shutil.which("apt-get") is None:
        raise SetupError(f"Please install {', '.join(packages)}: this machine has no apt-get.")
    if not is_root() and shutil.which("sudo") is None:
        raise SetupError(f"Installing {', '.join(packages)} needs root or sudo: run `make up` as root once.")
    prefix = [] if is_root() else ["sudo"]
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    run([*apt, "update"], timeout=300)
    with _nothing_started():
        options = ["--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120"]
        run([*apt, *options, "install", *packages], timeout=900)
    if "rabbitmq-server" in packages and shutil.which("systemctl"):
        # The package enables a node for the next boot; nobody asked for it, and ours is another one.
        run([*prefix, "systemctl", "--quiet", "disable", "rabbitmq-server.service"])


def reap(pid: int) -> None:
    """Collect the exit status of an ended child of ours; another's child is its parent's affair."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def stack_processes(folder: Path) -> list[int]:
    """Return the processes that carry this stack's marker, whoever their parent is now."""
    marker = f"{MARKER}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if marker in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # Gone meanwhile, or another user's: not ours.
    return [pid for pid in found if is_alive(pid)]


def sweep(folder: Path, *, patience: float = 10) -> list[int]:
    """End what a dead supervisor left behind: TERM, then KILL after `patience` seconds. Returns the pids found."""
    found = stack_processes(folder)
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for pid in stack_processes(folder):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # It ended by itself between the two calls.
        deadline = time.monotonic() + seconds
        while stack_processes(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
    return found
