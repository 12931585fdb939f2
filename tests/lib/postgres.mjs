// A real PostgreSQL of the tests' own, through tools/private-postgres, and databases on it.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const tool = (...args) => execFileSync(join(root, 'tools/private-postgres'), args, { encoding: 'utf8' }).trim();
const bin = process.env.POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin';

const on = (server, name) => server.replace('@/postgres', `@/${name}`);

/** One SQL statement; its rows as text. */
export function sql(url, statement) {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 256 * 1024 * 1024 };
    const out = execFileSync(join(bin, 'psql'), [url, '-X', '-A', '-t', '-q', '-c', statement], options);
    return out.split('\n').filter((line) => line !== '');
}

export function createDatabase(server, name) {
    sql(server, `CREATE DATABASE ${name}`);
    return on(server, name);
}

/** The database that belongs to a server's data folder, made at first use; nothing when the tests run on SQLite. */
export function databaseOf(dataDir) {
    const server = process.env.CONFIDENTE_TEST_POSTGRES;
    if (!server) return undefined;
    const name = basename(dataDir).toLowerCase().replace(/[^a-z0-9]/g, '_');
    if (sql(server, `SELECT 1 FROM pg_database WHERE datname = '${name}'`).length === 0) createDatabase(server, name);
    return on(server, name);
}

/** A session that stays open, for locks: `ask` resolves with the rows of one statement, `close` ends it. */
export function openSession(url, { quiet = false } = {}) {
    const child = spawn(join(bin, 'psql'), [url, '-X', '-A', '-t', '-q'], { stdio: ['pipe', 'pipe', quiet ? 'ignore' : 'inherit'] });
    child.stdin.on('error', () => {}); // it has ended; ask() says so
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return {
        async ask(statement) {
            child.stdin.write(`${statement};\n\\echo done\n`);
            const rows = [];
            for (;;) {
                const { value, done } = await lines.next();
                if (done) throw new Error(`the session ended at: ${statement}`);
                if (value === 'done') return rows;
                rows.push(value);
            }
        },
        async close() {
            child.stdin.end();
            await ended;
        },
    };
}

/** A server that can be stopped, started and hurt. It syncs, as a real one does. `settings`: lines of its own. */
export function startPostgres(settings = []) {
    const folder = tool('make', '--durable');
    if (settings.length > 0) {
        appendFileSync(join(folder, 'data/postgresql.conf'), `${settings.join('\n')}\n`);
        tool('stop', folder, 'fast');
        tool('start', folder);
    }
    const server = `postgres://confidente@/postgres?host=${folder}`;
    return {
        url: createDatabase(server, 'confidente'),
        socket: join(folder, '.s.PGSQL.5432'),
        /** The same, reached through a socket of the same name in another folder. */
        through: (other) => `postgres://confidente@/confidente?host=${other}`,
        stop: (how) => tool('stop', folder, how),
        start: () => tool('start', folder),
        /** kill -9 of one of the program's connections: PostgreSQL then ends all of them and recovers. */
        killBackend() {
            const [pid] = sql(
                server,
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'confidente' ORDER BY random() LIMIT 1",
            );
            process.kill(Number(pid), 'SIGKILL');
        },
        /** Resolves when it accepts connections. */
        async ready() {
            for (;;) {
                try {
                    return sql(server, 'SELECT 1');
                } catch {
                    await pause(50);
                }
            }
        },
        remove: () => tool('remove', folder),
    };
}
