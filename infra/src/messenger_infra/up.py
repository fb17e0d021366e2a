"""Bring a stack up: install, prepare, start, provision, migrate, wait until everything is healthy.

Every step is harmless to repeat. What does not depend on each other runs side by side, because the first run is judged
by the clock: the download and build of Keycloak take as long as everything else together.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from messenger_infra import envoy, keycloak, migrations, postgres, rabbitmq, system, web
from messenger_infra.console import console, step
from messenger_infra.errors import SetupError
from messenger_infra.programs import Program, servers, services
from messenger_infra.settings import Stack, is_free, ports, shell_lines
from messenger_infra.status import rows
from messenger_infra.supervision import Supervisor, configure

SERVER_PATIENCE, KEYCLOAK_PATIENCE, SERVICE_PATIENCE = 60.0, 240.0, 60.0
"""Seconds after which a server, Keycloak's first start, or our services count as failed."""


class Launch:
    """One run of `make up` or `make test-up` over a stack."""

    def __init__(self, stack: Stack, *, use_template: bool = False) -> None:
        self._stack = stack
        self._supervisor = Supervisor(stack)
        self._template = stack.cache / f"cluster-{keycloak.template_key(stack)}" if use_template else None

    def run(self) -> list[str]:
        """Do everything; returns the names of the programs that are not healthy in the end."""
        stack = self._stack
        web.node_version()
        with ThreadPoolExecutor(4) as pool:
            self._folders()
            page = pool.submit(web.build, stack.repo)
            self._install(pool)
            java = system.find_java()
            if java is None:
                raise SetupError("No Java 17 or newer that the service user can execute, even after the installation.")
            tree = pool.submit(self._build_keycloak, java)
            fresh = not postgres.data_folder(stack).exists()
            restored = self._prepare()
            page.result()  # A build that fails ends it here, before anything is started or restarted.
            web.publish(stack)
            programs = [*servers(stack, java, stack.cache / f"keycloak-{keycloak.VERSION}"), *services(stack)]
            self._start_servers(programs)
            self._database(restored=restored)
            tree.result()
            realm = pool.submit(self._keycloak, programs)
            if self._template is not None and fresh and not restored:
                realm.result()  # The copy must hold Keycloak's tables and none of ours.
                with step("keeping the prepared cluster for the next run"):
                    self._keep_template()
            self._wait(programs, ["rabbitmq"], SERVER_PATIENCE)
            self._services(programs)
            realm.result()
        return self._settle(programs)

    def _folders(self) -> None:
        for folder in (self._stack.cache, self._stack.folder):
            system.make_folder(folder, 0o751)
        system.write(
            self._stack.folder / "env",
            shell_lines({**self._stack.env, **self._stack.integration, "MESSENGER_STACK": str(self._stack.folder)}),
            mode=0o600,
        )
        if self._supervisor.pid() is None:
            system.sweep(self._stack.folder)
            busy = [f"{name}={port}" for name, port in ports(self._stack.env).items() if not is_free(port)]
            if busy:
                raise SetupError(
                    f"Already in use: {', '.join(busy)}. Stop what listens there or set other ports in .env."
                )

    def _install(self, pool: ThreadPoolExecutor) -> None:
        packages = system.missing_packages()
        if not packages:
            return
        early: Future[Path] | None = None
        if shutil.which("mvn"):
            early = pool.submit(keycloak.download, self._stack.cache)
        with step(f"installing {', '.join(packages)} (apt)"):
            system.install(packages)
        if early is not None:
            early.result()

    def _build_keycloak(self, java: str) -> Path:
        tree = self._stack.cache / f"keycloak-{keycloak.VERSION}"
        if not (tree / ".built").exists():
            with step(f"Keycloak {keycloak.VERSION}: download and optimized build"):
                return keycloak.build(self._stack.cache, java)
        return keycloak.build(self._stack.cache, java)

    def _prepare(self) -> bool:
        """Lay out all folders and configurations; True when the cluster came from a template."""
        stack = self._stack
        restored = False
        if not postgres.data_folder(stack).exists():
            with step("creating the PostgreSQL cluster"):
                if self._template is not None and self._template.exists():
                    postgres.restore_template(stack, self._template)
                    restored = True
                postgres.prepare(stack)
        else:
            postgres.prepare(stack)
        rabbitmq.prepare(stack)
        keycloak.prepare(stack, stack.cache / f"keycloak-{keycloak.VERSION}")
        if not envoy.prepare(stack):
            console.print("  [yellow]![/] gateway/envoy/render.py is missing: Envoy will not start")
        return restored

    def _start_servers(self, programs: Sequence[Program]) -> None:
        configure(self._stack, programs)
        self._supervisor.start_daemon()
        changed = self._supervisor.reload()
        if changed:
            console.print(f"  [dim]·[/] settings or code changed, restarting {', '.join(sorted(changed))}")
        for name in ("postgres", "rabbitmq-epmd", "rabbitmq"):
            self._supervisor.start(name)

    def _database(self, *, restored: bool) -> None:
        with step("PostgreSQL: roles, schemas, slot"):
            postgres.wait_until_ready(self._stack, SERVER_PATIENCE)
            if restored:
                postgres.forget_replication(self._stack)
            warnings = postgres.provision(self._stack)
        if warnings:
            console.print(f"  [yellow]![/] {warnings}", markup=False)

    def _keycloak(self, programs: Sequence[Program]) -> None:
        with step("Keycloak: start, realm, accounts"):
            self._supervisor.start("keycloak")
            self._wait(programs, ["keycloak"], KEYCLOAK_PATIENCE)
            keycloak.provision(self._stack)

    def _keep_template(self) -> None:
        assert self._template is not None  # noqa: S101 - the caller has checked
        for old in self._stack.cache.glob("cluster-*"):
            shutil.rmtree(old)
        postgres.save_template(self._stack, self._template)

    def _services(self, programs: Sequence[Program]) -> None:
        with step("migrations"):
            migrations.migrate_all(self._stack)
        for program in programs:
            self._supervisor.start(program.name)

    def _wait(self, programs: Sequence[Program], names: Sequence[str], seconds: float) -> None:
        chosen = [program for program in programs if program.name in names]
        if not wait_for(lambda: all(program.is_healthy() for program in chosen), seconds):
            raise SetupError(f"{', '.join(names)} not ready after {seconds:.0f} s: see `make logs NAME={names[0]}`.")

    def _settle(self, programs: Sequence[Program]) -> list[str]:
        def unhealthy() -> list[str]:
            return [row["name"] for row in rows(programs, self._supervisor) if not row["healthy"]]

        with step("waiting until every part is healthy"):
            wait_for(lambda: not unhealthy(), SERVICE_PATIENCE)
        return unhealthy()


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll a condition until it holds; False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
