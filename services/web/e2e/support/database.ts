import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setting } from './stack.ts';

const run = promisify(execFile);

/** The services' own database; the environment of tests names the one of integration tests. */
const DATABASE = setting('POSTGRES_DB').replace(/_integration$/, '');

async function sql(statements: string): Promise<void> {
  const where = ['-h', setting('POSTGRES_HOST'), '-p', setting('POSTGRES_PORT'), '-U', 'postgres', '-d', DATABASE];
  const env = { ...process.env, PGPASSWORD: setting('POSTGRES_SUPERUSER_PASSWORD') };
  await run('psql', [...where, '-qX1', '-v', 'ON_ERROR_STOP=1', '-c', statements], { env });
}

/** The text of a message that `fillChat` has written: of different lengths, so that rows differ in height. */
export function line(number: number): string {
  return `Line ${number}${' and so on'.repeat((number % 5) * (number % 4))}`;
}

/**
 * Write many messages into a chat at once, by its people in turn and read by all of them: one a minute until now, or
 * what has been said since its last message. The first says `line(first)`.
 */
export async function fillChat(chatId: number, senders: number[], count: number, first = 1): Promise<void> {
  await sql(`
    SET search_path TO chat;
    SELECT 1 FROM chat WHERE id = ${chatId} FOR UPDATE;
    INSERT INTO message (chat_id, seq, id, ordinal, sender_id, client_id, text, created_at)
      SELECT c.id, c.last_seq + n, nextval('message_id_seq'), c.message_count + n,
             (ARRAY[${senders.join()}])[1 + (n / 3) % ${senders.length}], gen_random_uuid(),
             'Line ' || m || repeat(' and so on', (m % 5) * (m % 4)),
             CASE WHEN c.message_count = 0 THEN now() - interval '1 minute' * (${count} - n)
                  ELSE c.updated_at + interval '1 microsecond' * n END
      FROM (SELECT n, n + ${first - 1} AS m FROM generate_series(1, ${count}) n ORDER BY n) numbers, chat c
      WHERE c.id = ${chatId};
    UPDATE chat SET last_seq = m.seq, last_message_seq = m.seq, last_message_id = m.id, message_count = m.ordinal,
                    watermark_seq = m.seq, watermark_message_id = m.id, watermark_ordinal = m.ordinal,
                    updated_at = m.created_at
      FROM (SELECT * FROM message WHERE chat_id = ${chatId} ORDER BY seq DESC LIMIT 1) m WHERE chat.id = ${chatId};
    UPDATE participant p SET read_seq = c.watermark_seq, read_message_id = c.watermark_message_id,
                             read_ordinal = c.watermark_ordinal
      FROM chat c WHERE c.id = ${chatId} AND p.chat_id = c.id;
    ANALYZE message;
  `);
}

/** Let a chat's last message be so many minutes older than `now`, and each before it two minutes older. */
export async function backdate(chatId: number, minutes: number, now = new Date()): Promise<void> {
  const end = `timestamptz '${now.toISOString()}' - interval '1 minute' *`;
  await sql(`
    SET search_path TO chat;
    UPDATE message m SET created_at = ${end} (${minutes} + (c.last_seq - m.seq) * 2.3)
      FROM chat c WHERE c.id = ${chatId} AND m.chat_id = c.id;
    UPDATE chat SET updated_at = ${end} ${minutes} WHERE id = ${chatId};
  `);
}
