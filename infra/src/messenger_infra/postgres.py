"""PostgreSQL: a cluster of our own below the stack's folder, its configuration, and the roles inside it.

The cluster listens on 127.0.0.1 and on a socket in its own folder. Whoever may open the socket folder (mode 0700) is
the superuser by peer authentication; everything over TCP needs a password (SCRAM).
"""

import shutil
import subprocess
import time
from pathlib import Path

from messenger_infra import system
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack

CONFIGURATION = """\
# Written by `make up`; change infra/src/messenger_infra/postgres.py instead.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
hba_file = '{folder}/pg_hba.conf'
ident_file = '{folder}/pg_ident.conf'
max_connections = 200
shared_buffers = 128MB
password_encryption = 'scram-sha-256'
# The WAL is the outbox: logical decoding feeds the relay.
wal_level = logical
fsync = on
synchronous_commit = on
max_replication_slots = 10
max_wal_senders = 10
# A frozen relay host frees the slot after this long, and the standby takes over.
wal_sender_timeout = 10s
# A relay that is away for good may not fill the disk: about two million messages.
max_slot_wal_keep_size = 2GB
max_wal_size = 1GB
tcp_keepalives_idle = 10
tcp_keepalives_interval = 5
tcp_keepalives_count = 3
# The supervisor keeps our stderr; durations help to find slow statements. What they were given is what people say.
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = 1s
log_parameter_max_length = 0
log_timezone = 'UTC'
timezone = 'UTC'
"""

HBA = """\
# Written by `make up`. The first line that matches decides.
local   all          {superuser}                                       peer map=operator
host    all          postgres                                127.0.0.1/32  scram-sha-256
host    keycloak     keycloak                                127.0.0.1/32  scram-sha-256
host    {database}   user_owner,user_runtime                 127.0.0.1/32  scram-sha-256
host    {database}   chat_owner,chat_runtime,chat_relay      127.0.0.1/32  scram-sha-256
host    {database}   realtime_owner,realtime_runtime         127.0.0.1/32  scram-sha-256
host    {database}   gateway_owner,gateway_runtime           127.0.0.1/32  scram-sha-256
# No line says `replication`, so nobody can stream or copy the whole cluster (logical decoding matches the database).
"""


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs."""
    found = system.postgres_bin()
    if found is None:
        raise SetupError("PostgreSQL 15 or newer is not installed: run `make up` as root once.")
    return found


def data_folder(stack: Stack) -> Path:
    """Return the cluster's folder."""
    return stack.folder / "postgres" / "data"


def socket_folder(stack: Stack) -> Path:
    """Return the folder of the Unix socket."""
    return stack.folder / "postgres" / "socket"


def prepare(stack: Stack) -> None:
    """Create the cluster if there is none and write its configuration."""
    home, data = system.make_folder(stack.folder / "postgres"), data_folder(stack)
    system.make_folder(socket_folder(stack), 0o700)
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        draft = home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        initdb: list[str | Path] = [
            binaries() / "initdb",
            "-D",
            draft,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
        ]
        system.run([*initdb, "--auth=reject"], as_service=True, cwd=home)
        draft.rename(data)
    version, installed = (data / "PG_VERSION").read_text().strip(), binaries().parent.name
    if version != installed:
        raise SetupError(
            f"The data in {data} belong to PostgreSQL {version}, installed is {installed}: "
            "dump and restore them, or remove them with `make clean`."
        )
    system.write(
        data / "postgresql.conf",
        CONFIGURATION.format(port=stack.port("POSTGRES"), sockets=socket_folder(stack), folder=data),
    )
    databases = ",".join(filter(None, (stack.env["POSTGRES_DB"], stack.integration.get("POSTGRES_DB"))))
    system.write(data / "pg_hba.conf", HBA.format(superuser="postgres", database=databases))
    system.write(data / "pg_ident.conf", f"operator {system.service_user()} postgres\n")


def psql(stack: Stack, arguments: list[str | Path], *, database: str, script: str | None = None) -> str:
    """Run psql as the superuser over the local socket; `script` goes to its standard input."""
    command: list[str | Path] = [
        binaries() / "psql",
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        socket_folder(stack),
        "-p",
        str(stack.port("POSTGRES")),
        "-U",
        "postgres",
        "-d",
        database,
        *arguments,
    ]
    passwords = {name: value for name, value in stack.env.items() if name.endswith("_PASSWORD")}
    return system.run(command, as_service=True, env=passwords, cwd=socket_folder(stack), script=script)


def is_ready(stack: Stack) -> bool:
    """Tell whether the cluster accepts connections."""
    command = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(stack.port("POSTGRES")), "-t", "2"]
    return subprocess.run(command, check=False, timeout=5).returncode == 0  # noqa: S603 - our own command


def wait_until_ready(stack: Stack, seconds: float) -> None:
    """Wait until the cluster accepts connections."""
    deadline = time.monotonic() + seconds
    while not is_ready(stack):
        if time.monotonic() > deadline:
            raise SetupError(f"PostgreSQL is not ready after {seconds:.0f} s: see `make logs NAME=postgres`.")
        time.sleep(0.1)


def provision(stack: Stack) -> str:
    """Create or update roles, schemas, grants, Keycloak's database and the slot; returns warnings."""
    warnings = _provision(stack, stack.env["POSTGRES_DB"], [])
    if stack.integration:
        _provision(stack, stack.integration["POSTGRES_DB"], ["-v", "without_slot=1"])
    return warnings


def _provision(stack: Stack, database: str, options: list[str | Path]) -> str:
    setup = (
        # However slow it is or whatever becomes of it: the statement has the password in it.
        "SET log_min_duration_statement = -1;\n"
        "SET log_min_error_statement = panic;\n"
        "\\getenv password POSTGRES_SUPERUSER_PASSWORD\n"
        "ALTER ROLE postgres PASSWORD :'password';\n"
        "SELECT pg_reload_conf();\n"  # The rules of access may have changed.
        f"SELECT 'CREATE DATABASE {database}' "
        f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec\n"
    )
    psql(stack, ["-o", "/dev/null"], database="postgres", script=setup)
    return psql(
        stack, options, database=database, script=(stack.repo / "infra" / "postgres" / "roles.sql").read_text()
    ).strip()


def save_template(stack: Stack, template: Path) -> None:
    """Copy the running cluster to `template`, consistent as of now; slots are not part of a copy."""
    shutil.rmtree(template, ignore_errors=True)
    draft = template.with_name(template.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    with (data_folder(stack) / "pg_hba.conf").open("a") as rules:
        rules.write("local replication postgres peer map=operator\n")
    psql(stack, ["-c", "SELECT pg_reload_conf()"], database="postgres")
    copy: list[str | Path] = [
        binaries() / "pg_basebackup",
        "-D",
        draft,
        "-X",
        "fetch",
        "-c",
        "fast",
        "-h",
        socket_folder(stack),
        "-p",
        str(stack.port("POSTGRES")),
        "-U",
        "postgres",
    ]
    system.run(copy, as_service=True, cwd=socket_folder(stack))
    prepare(stack)
    psql(stack, ["-c", "SELECT pg_reload_conf()"], database="postgres")
    draft.rename(template)


def restore_template(stack: Stack, template: Path) -> None:
    """Start the stack's cluster from a template instead of from nothing."""
    home = system.make_folder(stack.folder / "postgres")
    system.run(["cp", "-a", template, home / "data"], as_service=True, cwd=home)


def forget_replication(stack: Stack) -> None:
    """Make a restored template look new to `provision`: a copy has no slot, and nothing was lost."""
    psql(stack, ["-c", "DROP PUBLICATION IF EXISTS messenger_relay"], database=stack.env["POSTGRES_DB"])
