// A crowd that talks, gives and buys in one live while things break around it, as people's clients do: each thing they
// want has a key, what has no answer is asked again with the same key, and what was acknowledged is written down.
// tests/lib/audit.mjs compares that with what is there.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { checkAck } from './contract.mjs';
import { call, connect, goLive, password, register } from './people.mjs';
import { randomFrom } from './seed.mjs';

const giftPrice = 10; // a rosa
const bought = { packageId: 'tokens-550', tokens: 550 };
const paceMs = 150; // between two acts of one person: as fast as the limits per person allow for long
const together = 16; // registrations at a time: more passwords than these are refused as busy
const answerLimitMs = 15_000;
const renewAfterMs = 8 * 60_000; // before access tokens end
/** Refusals that say "not now". Any other is a failure of the test. */
const passing = new Set(['busy', 'database_unavailable', 'storage_full', 'rate_limited', 'no_answer']);

/** One thing that somebody wants. `id` is null until it is acknowledged; a purchase has one before it is paid, too. */
class Wish {
    constructor(kind, key, user) {
        Object.assign(this, { kind, key, user, id: null, acknowledged: false });
    }
    /** The server's word that it is done: the same at every repeat. */
    promise(id) {
        assert.ok(this.id === null || this.id === id, `a repeat of ${this.kind} ${this.key} has another answer`);
        this.id = id;
    }
}

class Person {
    constructor(crowd, client, number) {
        Object.assign(this, { crowd, client, number, wishes: [], waiting: [], tokens: 0 });
        this.random = randomFrom(crowd.seed + number);
    }

    wish() {
        const chance = this.random();
        const kind = this.tokens < giftPrice || chance < 0.05 ? 'purchase' : chance < 0.5 ? 'gift' : 'message';
        const made = new Wish(kind, `${this.crowd.seed}-${this.number}-${this.wishes.length}`, this.client.user.id);
        if (kind === 'gift') this.tokens -= giftPrice;
        this.wishes.push(made);
        return made;
    }

    async act() {
        while (this.crowd.acting) {
            await this.crowd.renew(this);
            const next = this.waiting.shift() ?? this.wish();
            if (!(await this.ask(next))) this.waiting.push(next);
            if (!this.socket?.connected) await this.crowd.online(this);
            await pause(paceMs * (0.5 + this.random()));
        }
    }

    /** True when it is acknowledged. */
    async ask(wish) {
        const began = performance.now();
        wish.askedAt ??= began;
        const answer = await this[wish.kind](wish);
        const took = performance.now() - began;
        this.crowd.heard(wish, answer, took);
        return answer.ok;
    }

    async emit(event, payload) {
        if (!this.socket?.connected) return { ok: false, code: 'no_answer' };
        const ack = await this.socket.timeout(answerLimitMs).emitWithAck(event, payload).catch(() => undefined);
        if (ack === undefined) return { ok: false, code: 'no_answer' };
        checkAck(event, payload, ack);
        return ack.ok ? ack : { ok: false, code: ack.error.code };
    }

    async message(wish) {
        const { chatId } = this.crowd.live;
        const content = `olá ${wish.key} ${this.crowd.words}`.trim();
        const answer = await this.emit('message:send', { chatId, content, type: 'text', clientId: wish.key });
        if (answer.ok) wish.promise(answer.message.id);
        return answer;
    }

    async gift(wish) {
        const { id: liveId } = this.crowd.live;
        const answer = await this.emit('gift:send', { liveId, giftType: 'rosa', amount: 1, idempotencyKey: wish.key });
        if (answer.ok) wish.promise(answer.gift.id);
        return answer;
    }

    async purchase(wish) {
        const body = { packageId: bought.packageId, currency: 'BRL' };
        const opened = await this.post('/api/wallet/purchases', wish.key, body);
        if (!opened.ok) return opened;
        wish.promise(opened.body.purchase.id);
        const paid = await this.post(`/api/payments/sandbox/${wish.id}/confirm`, wish.key);
        if (paid.ok) this.tokens += bought.tokens;
        return paid;
    }

    async post(path, key, body) {
        const options = { token: this.client.token, body, headers: { 'idempotency-key': key } };
        const limit = new AbortController();
        const asked = call(this.crowd.url, 'POST', path, options).catch((error) => {
            if (error.code === 'ERR_ASSERTION') throw error;
            return { status: 0, body: { code: 'no_answer' } };
        });
        const late = pause(answerLimitMs, { status: 0, body: { code: 'no_answer' } }, { signal: limit.signal }).catch(() => {});
        const answer = await Promise.race([asked, late]);
        limit.abort();
        if (answer.status === 503) assert.ok(Number(answer.headers.get('retry-after')) > 0, 'it says when to come again');
        return answer.status === 200 || answer.status === 201 ? { ok: true, body: answer.body } : { ok: false, code: answer.body.code };
    }
}

export class Crowd {
    acting = false;
    acknowledged = 0;
    refusals = new Map(); // code → how often
    latencies = []; // milliseconds of every acknowledgement
    #watchers = new Set();
    #comeback = Promise.withResolvers();

    /** A model on air and `size` clients in the live, connected; they do nothing yet. `words` make messages longer. */
    static async gather(url, { size = 40, seed, words = '' }) {
        const crowd = new Crowd();
        Object.assign(crowd, { url, seed, words, began: performance.now() });
        crowd.model = await register(url, 'model', 'Luna');
        crowd.live = (await goLive(crowd.model)).live;
        crowd.people = [];
        while (crowd.people.length < size) {
            const some = Math.min(together, size - crowd.people.length);
            const numbers = Array.from({ length: some }, (_, i) => crowd.people.length + i);
            crowd.people.push(...(await Promise.all(numbers.map((number) => crowd.#welcome(number)))));
        }
        await crowd.arrive(url);
        return crowd;
    }

    async #welcome(number) {
        const client = await register(this.url, 'client', `Cliente ${number}`);
        assert.equal((await client.call('POST', `/api/lives/${this.live.id}/join`)).status, 200);
        return new Person(this, client, number);
    }

    get wishes() {
        return this.people.flatMap(({ wishes }) => wishes);
    }
    /** What a message of the crowd was about. */
    wishOf(content) {
        const [, , person, wish] = /(\d+)-(\d+)-(\d+)/.exec(content).map(Number);
        return this.people[person].wishes[wish];
    }
    get pending() {
        return this.wishes.filter(({ acknowledged }) => !acknowledged);
    }
    /** What the person's wallet must hold once nothing of theirs is pending. */
    balanceOf(person) {
        const done = (kind) => person.wishes.filter((wish) => wish.kind === kind && wish.acknowledged).length;
        return done('purchase') * bought.tokens - done('gift') * giftPrice;
    }

    /** Everyone connects to where the server is now. */
    async arrive(url) {
        this.url = url;
        await Promise.all(this.people.map((person) => this.#connect(person)));
        this.#comeback.resolve();
        this.#comeback = Promise.withResolvers();
    }
    async #connect(person) {
        person.socket?.close();
        person.socket = await connect(this.url, person.client, { reconnection: this.reconnection ?? false });
    }
    /** Resolves when the person may try again: connected, or told to rest. */
    async online(person) {
        while (this.acting && !person.socket?.connected) await this.#comeback.promise;
    }

    /** Signs in again in good time; a long run outlives a token. One at a time, since passwords are slow. */
    async renew(person) {
        const due = (one) => performance.now() - (one.renewedAt ?? this.began) > renewAfterMs;
        for (const [who, client] of [[person, person.client], [this, this.model]]) {
            if (!due(who) || this.renewing) continue;
            this.renewing = true;
            const body = { email: client.email, password };
            const answer = await call(this.url, 'POST', '/api/auth/login', { body }).catch(() => null);
            this.renewing = false;
            if (answer?.status !== 200) continue;
            client.token = answer.body.accessToken;
            who.renewedAt = performance.now();
            if (who === person) await this.#connect(person).catch(() => {});
        }
    }

    act() {
        this.acting = true;
        this.acts = Promise.all(this.people.map((person) => person.act()));
        this.acts.catch((error) => {
            this.failure = error;
            this.#watchers.forEach((look) => look());
        });
    }
    /** Nobody begins anything more; resolves when everything under way is answered or lost. */
    async rest() {
        this.acting = false;
        this.#comeback.resolve();
        this.#comeback = Promise.withResolvers();
        await this.acts;
    }
    /** Asks for what has no answer until all of it is acknowledged. */
    async settle(limitMs = 60_000) {
        const end = performance.now() + limitMs;
        await Promise.all(
            this.people.map(async (person) => {
                for (const wish of person.waiting.splice(0)) {
                    while (!(await person.ask(wish))) {
                        assert.ok(performance.now() < end, `${wish.kind} ${wish.key} is still refused`);
                        await pause(200);
                    }
                }
            }),
        );
        assert.equal(this.pending.length, 0);
    }

    heard(wish, answer, took) {
        if (answer.ok) {
            wish.acknowledged = true;
            this.acknowledged += 1;
            this.latencies.push(took);
        } else {
            assert.ok(passing.has(answer.code), `${wish.kind}: ${answer.code}`);
            this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
            this.lastRefusal = { at: performance.now(), code: answer.code, took };
        }
        this.slowest = Math.max(this.slowest ?? 0, took);
        this.#watchers.forEach((look) => look());
    }
    refused(code) {
        return this.refusals.get(code) ?? 0;
    }
    /** Resolves when `is()` holds; looks at every answer. */
    until(is, what, limitMs = 30_000) {
        return new Promise((resolve, reject) => {
            const end = (act, value) => {
                clearTimeout(limit);
                this.#watchers.delete(look);
                act(value);
            };
            const look = () => {
                if (this.failure) end(reject, this.failure);
                else if (is()) end(resolve);
            };
            const told = () => JSON.stringify([...this.refusals]);
            const limit = setTimeout(() => end(reject, new Error(`waited too long for ${what}; refused: ${told()}`)), limitMs);
            this.#watchers.add(look);
            look();
        });
    }
    untilAcknowledged(more) {
        const goal = this.acknowledged + more;
        return this.until(() => this.acknowledged >= goal, `${more} acknowledgements`);
    }

    leave() {
        for (const { socket } of this.people) socket?.close();
    }
}
