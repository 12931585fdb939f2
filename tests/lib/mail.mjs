// Mailboxes as tests see them: the folder of the server, and a real SMTP server.
import { readFileSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const limitMs = 20_000;

/** Resolves as soon as `look` gives something; `subscribe` calls back whenever looking again may help. */
function waitFor(look, subscribe, what) {
    return new Promise((resolve, reject) => {
        const limit = setTimeout(() => finish(reject, new Error(`no ${what} within ${limitMs} ms`)), limitMs);
        const stop = subscribe(() => check());
        const finish = (end, value) => {
            clearTimeout(limit);
            stop();
            end(value);
        };
        const check = async () => {
            const found = await look();
            if (found) finish(resolve, found);
        };
        check();
    });
}

/** Every mail in the server's folder, oldest first. */
export async function mailsIn(dataDir) {
    const folder = join(dataDir, 'mail');
    let names = [];
    try {
        names = readdirSync(folder).filter((name) => name.endsWith('.eml'));
    } catch {
        return [];
    }
    return Promise.all(names.sort().map((name) => simpleParser(readFileSync(join(folder, name)))));
}

/** The `count`-th mail to that address, once it is there. */
export function mailTo(dataDir, address, count = 1) {
    const look = async () => {
        const found = (await mailsIn(dataDir)).filter((mail) => mail.to.value[0].address === address);
        return found[count - 1];
    };
    const subscribe = (again) => {
        const watcher = watch(dataDir, { recursive: true }, again);
        return () => watcher.close();
    };
    return waitFor(look, subscribe, `mail ${count} to ${address}`);
}

/** The reset link of a mail. */
export const linkIn = (mail) => /https?:\/\/\S+\/redefinir-senha#token=[\w-]+/.exec(mail.text)[0];
export const tokenIn = (mail) => linkIn(mail).split('#token=')[1];

/** An SMTP server with STARTTLS and one account; `received` fills with parsed mails. */
export async function startSmtp(certificate, { port = 0, refuse = () => null } = {}) {
    const received = [];
    const failures = [];
    const listeners = new Set();
    const server = new SMTPServer({
        ...certificate,
        authOptional: false,
        authMethods: ['PLAIN', 'LOGIN'],
        onAuth: ({ username, password }, session, done) => {
            const good = username === 'relay-user' && password === 'relay-secret-7c1f';
            if (!session.secure) failures.push('credentials in clear');
            done(good ? null : new Error('wrong credentials'), good ? { user: username } : undefined);
        },
        onRcptTo: ({ address }, session, done) => done(refuse(address)),
        onData: (stream, session, done) => {
            const chunks = [];
            stream.on('data', (chunk) => chunks.push(chunk));
            stream.on('end', async () => {
                const raw = Buffer.concat(chunks);
                const mail = await simpleParser(raw);
                received.push({ mail, raw: raw.toString(), envelope: session.envelope, secure: session.secure });
                done();
                listeners.forEach((listener) => listener());
            });
        },
        logger: false,
    });
    server.on('error', (error) => failures.push(String(error)));
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    return {
        port: server.server.address().port,
        received,
        failures,
        next: (count) =>
            waitFor(
                () => received[count - 1],
                (again) => {
                    listeners.add(again);
                    return () => listeners.delete(again);
                },
                `mail ${count} over SMTP`,
            ),
        stop: () => new Promise((resolve) => server.close(resolve)),
    };
}
