"""Keycloak: the distribution from Maven Central, its optimized build, and a home per stack around that one build."""

import hashlib
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import httpx

from messenger_infra import system
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack

VERSION = "26.7.3"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
BUILD_OPTIONS = ("--db=postgres", "--health-enabled=true", "--metrics-enabled=true")

JVM = (
    # Measured: 192 MB of heap start in 10-13 s and stay at 370-440 MB resident; the serial collector and the first
    # compiler only save a quarter of the memory and a third of the CPU of a start.
    "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=64m",
    "-XX:MetaspaceSize=96M", "-XX:MaxMetaspaceSize=256m", "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8",
    "-Duser.language=en", "-Duser.country=US",
    "-Djava.security.egd=file:/dev/urandom", "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    # As in bin/kc.sh of this version.
    "--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000", "-Dkc.config.built=true",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
)  # fmt: skip

PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(:[^}]*)?\}")


def realm_file(stack: Stack) -> Path:
    """Return the realm as it is kept in the repository, with placeholders for secrets and addresses."""
    return stack.repo / "keycloak" / "realm" / "messenger-realm.json"


def download(cache: Path) -> Path:
    """Return the distribution's zip, fetched from Maven Central once."""
    archive = cache / f"keycloak-quarkus-dist-{VERSION}.zip"
    if archive.exists() and zipfile.is_zipfile(archive):
        return archive
    draft = cache / "download"
    shutil.rmtree(draft, ignore_errors=True)
    artifact = f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
    system.run(["mvn", "-q", "-B", "-ntp", PLUGIN, artifact, f"-DoutputDirectory={draft}"], timeout=420)
    (draft / archive.name).replace(archive)
    shutil.rmtree(draft)
    return archive


def build(cache: Path, java: str) -> Path:
    """Return the built server, made again only when version, options or Java's major version changed.

    Providers must never be deleted from a built tree, so a new build always starts from the zip.
    """
    tree = cache / f"keycloak-{VERSION}"
    stamp = hashlib.sha256(" ".join((VERSION, *BUILD_OPTIONS)).encode()).hexdigest()
    marker = tree / ".built"
    if marker.exists() and marker.read_text() == stamp:
        return tree
    archive = download(cache)
    shutil.rmtree(tree, ignore_errors=True)
    draft = cache / "unpacked"
    shutil.rmtree(draft, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(draft)
    (draft / f"keycloak-{VERSION}").rename(tree)
    draft.rmdir()
    for script in (tree / "bin").glob("*.sh"):
        script.chmod(0o755)
    system.own(tree, recursive=True)
    environment = {"JAVA": java, "HOME": str(tree)}
    system.run(
        [tree / "bin" / "kc.sh", "build", *BUILD_OPTIONS], as_service=True, env=environment, cwd=tree, timeout=300
    )
    system.write(marker, stamp)
    return tree


def home(stack: Stack) -> Path:
    """Return Keycloak's home in this stack: its own data, realm and theme around the shared build."""
    return stack.folder / "keycloak"


def prepare(stack: Stack, tree: Path) -> None:
    """Lay out the home: links to the build, copies of the realm and the theme."""
    folder = system.make_folder(home(stack))
    for name in ("lib", "providers", "conf"):
        link = folder / name
        if not link.is_symlink() or link.readlink() != tree / name:
            link.unlink(missing_ok=True)
            link.symlink_to(tree / name)
    imports = system.make_folder(system.make_folder(folder / "data") / "import")
    if realm_file(stack).exists():
        system.write(imports / "messenger-realm.json", realm_file(stack).read_text())
    _copy_theme(stack, system.make_folder(folder / "themes"))


def _copy_theme(stack: Stack, themes: Path) -> None:
    source, copy = stack.repo / "keycloak" / "theme" / "messenger", themes / "messenger"
    if not source.is_dir() or _fingerprint(source) == _fingerprint(copy):
        return
    shutil.rmtree(copy, ignore_errors=True)
    # Compressed copies of the old files survive a restart and would be served for a month.
    shutil.rmtree(home(stack) / "data" / "tmp" / "kc-gzip-cache", ignore_errors=True)
    shutil.copytree(source, copy)
    system.own(copy, recursive=True)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def realm_variables(stack: Stack) -> dict[str, str]:
    """Return the settings that the realm's placeholders name.

    Keycloak imports a placeholder without a value literally, as a publicly known secret: that is an error here.
    """
    if not realm_file(stack).exists():
        return {}
    found = {match[1]: match[2] for match in PLACEHOLDER.finditer(realm_file(stack).read_text())}
    missing = sorted(name for name, default in found.items() if default is None and not stack.env.get(name))
    if missing:
        raise SetupError(f"{realm_file(stack).name} needs {', '.join(missing)}: set them in .env.")
    return {name: stack.env[name] for name in found if name in stack.env}


def environment(stack: Stack) -> dict[str, str]:
    """Return Keycloak's settings and the realm's variables."""
    port, management = stack.env["KEYCLOAK_PORT"], stack.env["KEYCLOAK_MANAGEMENT_PORT"]
    return {
        "HOME": str(home(stack)),
        "KC_DB_URL": f"jdbc:postgresql://127.0.0.1:{stack.env['POSTGRES_PORT']}/keycloak",
        "KC_DB_USERNAME": "keycloak",
        "KC_DB_PASSWORD": stack.env["KEYCLOAK_DB_PASSWORD"],
        "KC_DB_POOL_MAX_SIZE": "20",
        "KC_HOSTNAME": stack.env["PUBLIC_URL"],
        # The admin console is reachable on loopback only; the gateway's allow-list does not contain it.
        "KC_HOSTNAME_ADMIN": f"http://localhost:{port}",
        # Our own processes ask at 127.0.0.1 and are given endpoints there; the issuer stays the public one.
        "KC_HOSTNAME_BACKCHANNEL_DYNAMIC": "true",
        "KC_PROXY_HEADERS": "xforwarded",
        "KC_PROXY_TRUSTED_ADDRESSES": "127.0.0.1",
        "KC_HTTP_ENABLED": "true",
        "KC_HTTP_HOST": "127.0.0.1",
        "KC_HTTP_PORT": port,
        "KC_HTTP_MANAGEMENT_PORT": management,
        "KC_CACHE": "local",
        "KC_LOG_LEVEL": "info",
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": stack.env["KEYCLOAK_ADMIN_PASSWORD"],
        # Templates and messages are read once: another theme is another configuration, and restarts it.
        "MESSENGER_CONFIGURATION": _fingerprint(stack.repo / "keycloak" / "theme"),
        **realm_variables(stack),
    }


def command(stack: Stack, java: str, tree: Path) -> list[str]:
    """Return the command that runs Java itself: bin/kc.sh would stay between the supervisor and the server."""
    folder = home(stack)
    return [
        java, *JVM,
        f"-Dkc.home.dir={folder}", f"-Djboss.server.config.dir={folder}/conf",
        "-cp", str(tree / "lib" / "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
        "start", "--optimized", "--import-realm",
    ]  # fmt: skip


def is_ready(stack: Stack) -> bool:
    """Tell whether the realm is served; /health/ready alone is true for a server without our realm."""
    try:
        health = httpx.get(f"http://127.0.0.1:{stack.env['KEYCLOAK_MANAGEMENT_PORT']}/health/ready", timeout=3)
        if health.status_code != httpx.codes.OK:
            return False
        if not realm_file(stack).exists():
            return True
        return httpx.get(f"{stack.env['KEYCLOAK_URL']}/realms/messenger", timeout=3).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def provision(stack: Stack) -> bool:
    """Run keycloak/provision.py (demo accounts, drift of the realm); False when there is none yet."""
    script = stack.repo / "keycloak" / "provision.py"
    if not script.exists():
        return False
    system.run([sys.executable, script], env=dict(stack.env), cwd=stack.repo, timeout=120)
    return True


def template_key(stack: Stack) -> str:
    """Return what a prepared Keycloak database depends on, as a short hash."""
    digest = hashlib.sha256(f"{VERSION} {system.postgres_bin()} {os.geteuid()}".encode())
    for path in sorted((stack.repo / "keycloak").rglob("*")):
        if path.is_file() and path.suffix in {".json", ".py"}:
            digest.update(path.read_bytes())
    digest.update(repr(sorted(realm_variables(stack).items())).encode())
    digest.update(repr([stack.env[name] for name in ("PUBLIC_URL", "KEYCLOAK_ADMIN_PASSWORD", "DEMO")]).encode())
    return digest.hexdigest()[:12]
