// Access tokens with a life of the test's choosing, signed with the server's own key.
import { createPrivateKey, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The person's token again, but with `seconds` to live; `claims` overrides more. */
export function tokenFor(server, person, seconds, claims = {}) {
    const folder = join(server.dataDir, 'keys');
    const [newest] = readdirSync(folder).filter((name) => name.startsWith('tokens-')).sort().reverse();
    const seed = readFileSync(join(folder, newest));
    const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
    const [header, body] = person.token.split('.');
    const payload = { ...JSON.parse(Buffer.from(body, 'base64url')), ...claims, exp: Math.floor(Date.now() / 1000) + seconds };
    const signed = `${header}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}
