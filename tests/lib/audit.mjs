// Compares what a crowd (load.mjs) was told with what the database holds, read past the server: everything
// acknowledged is there exactly once with the id it was given, everything else wholly or not at all, and nothing is
// there that nobody asked for. `confidente ledger verify` proves the books beside it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { call } from './people.mjs';
import { sql } from './postgres.mjs';
import { run } from './server.mjs';

/** Answers several questions about one moment: {name: query} → {name: rows}. Without url it is the folder's SQLite. */
function reader({ dataDir, url }) {
    if (url) {
        return (queries) => {
            const parts = Object.entries(queries).map(([name, query]) => `'${name}', (SELECT json_agg(r) FROM (${query}) r)`);
            const found = JSON.parse(sql(url, `SELECT json_build_object(${parts.join(', ')})`).join(''));
            return Object.fromEntries(Object.entries(found).map(([name, rows]) => [name, rows ?? []]));
        };
    }
    return (queries) => {
        const file = new DatabaseSync(join(dataDir, 'confidente.db'), { readOnly: true });
        try {
            file.exec('BEGIN');
            return Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, file.prepare(query).all()]));
        } finally {
            file.close();
        }
    };
}

export class Auditor {
    #found = { message: new Map(), gift: new Map(), purchase: new Map() }; // key → ids that are there
    #settled = new Set();
    #gifts = new Set();
    #after = { message: 0, transfer: 0 };

    constructor(crowd, place) {
        Object.assign(this, { crowd, place, read: reader(place) });
    }

    /** Looks at what is new since the last look. */
    quick() {
        this.#read();
        this.#compare();
    }

    /** Looks at everything again, so that nothing that was there once has gone since; and verifies the books. */
    async whole() {
        for (const found of Object.values(this.#found)) found.clear();
        this.#settled.clear();
        this.#gifts.clear();
        this.#after = { message: 0, transfer: 0 };
        this.quick();
        const where = ['--data-dir', this.place.dataDir];
        if (this.place.url) where.push('--set', `database.url=${this.place.url}`);
        const books = await run('ledger', 'verify', ...where);
        assert.equal(books.code, 0, books.out + books.err);
        const audited = await run('audit', 'verify', ...where);
        assert.equal(audited.code, 0, audited.out + audited.err);
        return books.out.trim();
    }

    /** When nothing is pending: every wallet holds what was bought less what was given. */
    async balances() {
        assert.equal(this.crowd.pending.length, 0);
        for (const person of this.crowd.people) {
            const { body } = await call(this.crowd.url, 'GET', '/api/wallet', { token: person.client.token });
            assert.equal(body.balance, this.crowd.balanceOf(person), `the wallet of ${person.client.user.name}`);
        }
    }

    #note(kind, key, id) {
        const ids = this.#found[kind].get(key);
        if (ids) ids.push(id);
        else this.#found[kind].set(key, [id]);
    }

    #read() {
        const { messages, transfers, keys } = this.read({
            messages: `SELECT id, client_id, seq FROM messages
                       WHERE chat_id = '${this.crowd.live.chatId}' AND seq > ${this.#after.message} ORDER BY seq`,
            // Transfers of gifts and purchases carry their ids as keys.
            transfers: `SELECT t.seq, t.kind, t.key, g.id AS gift FROM transfers t LEFT JOIN gifts g ON g.transfer_id = t.id
                        WHERE t.seq > ${this.#after.transfer} ORDER BY t.seq`,
            keys: "SELECT operation, key, answer FROM idempotency_keys WHERE operation IN ('gift', 'purchase')",
        });
        for (const row of messages) {
            assert.equal(Number(row.seq), ++this.#after.message, 'the messages of a chat are numbered without a hole');
            this.#note('message', row.client_id, row.id);
        }
        for (const row of transfers) {
            this.#after.transfer = Number(row.seq);
            const paid = row.kind === 'gift' ? this.#gifts : row.kind === 'purchase.settled' ? this.#settled : null;
            if (row.kind === 'gift') assert.equal(row.gift, row.key, 'what is paid as a gift is one');
            assert.ok(!paid?.has(row.key), `${row.kind} ${row.key} is there once`);
            paid?.add(row.key);
        }
        this.#found.gift.clear();
        this.#found.purchase.clear();
        for (const { operation, key, answer } of keys)
            this.#note(operation, key, operation === 'gift' ? JSON.parse(answer).gift.id : answer);
    }

    #compare() {
        const asked = { message: new Set(), gift: new Set(), purchase: new Set() };
        for (const wish of this.crowd.wishes) {
            asked[wish.kind].add(wish.key);
            const ids = this.#found[wish.kind].get(wish.key) ?? [];
            const what = `${wish.kind} ${wish.key}`;
            assert.ok(ids.length <= 1, `${what} is there ${ids.length} times`);
            if (wish.acknowledged) assert.deepEqual(ids, [wish.id], `${what} was acknowledged`);
            if (ids.length === 0) continue;
            // Its row, its key, its money: all of it or nothing.
            if (wish.kind === 'gift') assert.ok(this.#gifts.has(ids[0]), `${what} is paid`);
            if (wish.kind === 'purchase' && wish.acknowledged) assert.ok(this.#settled.has(ids[0]), `${what} is settled`);
        }
        for (const [kind, keys] of Object.entries(asked))
            for (const key of this.#found[kind].keys()) assert.ok(keys.has(key), `nobody asked for ${kind} ${key}`);
        assert.equal(this.#gifts.size, this.#found.gift.size, 'no gift without its key');
    }
}
