-- Roles, schemas, grants and the replication slot. Run by psql as the superuser, in database `messenger`; harmless to
-- repeat. Passwords come from the environment, so that they are on no command line.
-- Used by `make up` (infra/src/messenger_infra/postgres.py) and by docker-compose.yml.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET password_encryption = 'scram-sha-256';

-- Statements with passwords in them stay out of the log, however slow they are and whatever becomes of them.
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
\getenv keycloak_password KEYCLOAK_DB_PASSWORD
\getenv relay_password CHAT_RELAY_PASSWORD
\getenv user_owner USER_OWNER_PASSWORD
\getenv user_runtime USER_RUNTIME_PASSWORD
\getenv chat_owner CHAT_OWNER_PASSWORD
\getenv chat_runtime CHAT_RUNTIME_PASSWORD
\getenv realtime_owner REALTIME_OWNER_PASSWORD
\getenv realtime_runtime REALTIME_RUNTIME_PASSWORD
\getenv gateway_owner GATEWAY_OWNER_PASSWORD
\getenv gateway_runtime GATEWAY_RUNTIME_PASSWORD

-- What each role is allowed to be; passwords are set again at every run, so a changed .env takes effect.
CREATE TEMPORARY TABLE wanted_role (name text, password text, attributes text, schema text, kind text);
INSERT INTO wanted_role VALUES
    ('user_owner', :'user_owner', '', 'user_profile', 'owner'),
    ('user_runtime', :'user_runtime', '', 'user_profile', 'runtime'),
    ('chat_owner', :'chat_owner', '', 'chat', 'owner'),
    ('chat_runtime', :'chat_runtime', '', 'chat', 'runtime'),
    ('realtime_owner', :'realtime_owner', '', 'realtime', 'owner'),
    ('realtime_runtime', :'realtime_runtime', '', 'realtime', 'runtime'),
    ('gateway_owner', :'gateway_owner', '', 'gateway', 'owner'),
    ('gateway_runtime', :'gateway_runtime', '', 'gateway', 'runtime'),
    ('chat_relay', :'relay_password', 'REPLICATION', NULL, 'relay'),
    ('keycloak', :'keycloak_password', '', NULL, 'keycloak');

SELECT format('CREATE ROLE %I', name) FROM wanted_role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('ALTER ROLE %I WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS %s PASSWORD %L',
              name, coalesce(nullif(attributes, ''), 'NOREPLICATION'), password) FROM wanted_role \gexec

-- Nobody gets anything by default; each schema belongs to its owner and is visible to its runtime role only.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name) FROM wanted_role WHERE kind <> 'keycloak' \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', schema, name) FROM wanted_role WHERE kind = 'owner' \gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', schema, name) FROM wanted_role WHERE kind = 'runtime' \gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %2$I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %3$I;'
              'ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %2$I GRANT USAGE, SELECT ON SEQUENCES TO %3$I',
              owner.name, owner.schema, runtime.name)
FROM wanted_role AS owner JOIN wanted_role AS runtime USING (schema)
WHERE owner.kind = 'owner' AND runtime.kind = 'runtime' \gexec

SELECT format('ALTER ROLE %I SET search_path = %I', name, schema) FROM wanted_role WHERE schema IS NOT NULL \gexec
-- A request that waits longer than this has been given up by its client; a transaction left open holds back vacuum.
SELECT format('ALTER ROLE %1$I SET statement_timeout = ''3s''; ALTER ROLE %1$I SET lock_timeout = ''2s'';'
              'ALTER ROLE %1$I SET idle_in_transaction_session_timeout = ''10s''', name)
FROM wanted_role WHERE kind = 'runtime' \gexec

-- Keycloak keeps its tables in a database of its own.
SELECT 'CREATE DATABASE keycloak OWNER keycloak' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keycloak') \gexec
REVOKE ALL ON DATABASE keycloak FROM PUBLIC;

-- The slot is the outbox's memory: it is made here once, before any service can write, and anew by a resync only. Its
-- number is the time: greater than those of slots that are gone. The publication is made after it and marks that it was
-- made: a publication without a slot means that events were lost (docs/operations.md), which must be seen by a person
-- and not be papered over.
-- Databases of tests have neither (-v without_slot=1): names of slots are the whole cluster's.
\if :{?without_slot}
\quit
\endif
SELECT NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'messenger_relay') AS first_time \gset
\if :first_time
SELECT pg_create_logical_replication_slot(format('relay_%s', extract(epoch FROM clock_timestamp())::bigint), 'pgoutput')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name LIKE 'relay\_%' AND database = current_database()) \g (format=unaligned tuples_only=on) /dev/null
CREATE PUBLICATION messenger_relay;
\endif
SELECT count(*) = 0 AS slot_lost FROM pg_replication_slots
WHERE slot_name LIKE 'relay\_%' AND database = current_database() AND wal_status <> 'lost' \gset
\if :slot_lost
\warn 'WARNING: the replication slot relay_<n> is gone or lost: committed events may not have been published. The relay refuses to start until you run `make resync`.'
\endif
